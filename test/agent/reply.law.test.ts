import { modelMessageSchema } from 'ai';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ModelReply, ReplyPart } from '../../lib/agent/model.ts';
import { acceptReply } from '../../lib/agent/reply.ts';
import { ToolError, type ToolErrorKind } from '../../lib/agent/tool.ts';
import { Failure } from '../../lib/failure.ts';
import type { Message } from '../../lib/run/message.ts';
import { conversation } from '../../lib/run/session.ts';
import { isFinal, Step } from '../../lib/run/step.ts';
import { byteLength } from '../../lib/text.ts';
import { codePoint } from '../kit/code-point.ts';
import { plays } from '../kit/law-plays.ts';
import { memoryEffects } from '../kit/memory-effects.ts';
import { replyOf, stubTool, takeSteps } from '../kit/take-steps.ts';

/** DynamoDB's bound less what an item has beside its step. */
const maxStepBytes = 400 * 1024 - 400;

const anyText = fc.oneof(
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
  fc.constantFrom('', ' ', '\n\t', '\u00a0', '\r', '\ud800'),
  fc
    .tuple(fc.constantFrom('"', 'x', '漢', '\n', '\ud800', '\u0000'), fc.nat(60_000))
    .map(([unit, n]) => unit.repeat(n)),
);
const nested = (depth: number): unknown => JSON.parse(`${'[{"a":'.repeat(depth)}1${'}]'.repeat(depth)}`);
const input = fc.oneof(
  { weight: 4, arbitrary: fc.dictionary(anyText, fc.jsonValue({ stringUnit: codePoint }), { maxKeys: 3 }) },
  fc.constant({}),
  fc.anything({ withBigInt: false, withNullPrototype: false, withObjectString: false }).map((any) => [any]),
  fc.constantFrom<unknown>(undefined, null, 'half {"a":', 7, [], { n: Number.POSITIVE_INFINITY }, { a: undefined }),
  fc.constantFrom(10, 1000, 20_000).map((depth) => ({ deep: nested(depth) })),
  anyText.map((text) => ({ text })),
);
const junk = fc.oneof(fc.constantFrom('', ' ', 'a b', '<id>', 'x'.repeat(65), '\ud800', 'é'), fc.string());
const toolCallId = fc.oneof(fc.constantFrom('a', 'b', 'call_1_get', 'call_2_get', 'call_3_post', 'call_3_get'), junk);
const toolName = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('get', 'post') },
  fc.constantFrom('nope', 'constructor', '__proto__', 'g.et', 'n'.repeat(90)),
  junk,
);
const call = fc.record({ type: fc.constant('tool-call' as const), toolCallId, toolName, input });
const part: fc.Arbitrary<ReplyPart> = fc.oneof(
  fc.record({ type: fc.constant('text' as const), text: anyText }),
  fc.record({ type: fc.constant('reasoning' as const), text: fc.string() }),
  { weight: 2, arbitrary: call },
) as fc.Arbitrary<ReplyPart>;
const reply: fc.Arbitrary<ModelReply> = fc
  .tuple(
    fc.oneof(
      { weight: 9, arbitrary: fc.array(part, { maxLength: 6 }) },
      fc.array(call, { minLength: 33, maxLength: 40 }),
    ),
    fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom<ModelReply['finish'][]>('tool-calls', 'stop') },
      fc.constantFrom<ModelReply['finish'][]>('length', 'context', 'refused', 'broken', 'other'),
    ),
  )
  .map(([content, finish]) => replyOf(content as ReplyPart[], finish));

/** A tool that returns any value or fails in any way. */
const act = fc.oneof(
  { weight: 3, arbitrary: anyText.map((text) => () => text) },
  fc.jsonValue().map((json) => () => json),
  fc.constantFrom(undefined, 1n, Number.NaN).map((odd) => () => odd),
  fc
    .tuple(fc.constantFrom<ToolErrorKind[]>('refused', 'unreachable', 'interrupted'), anyText)
    .map(([kind, text]) => () => {
      throw new ToolError(kind, text);
    }),
  anyText.map((text) => () => {
    throw new TypeError(text);
  }),
);

const textsOf = (message: Message): string[] => {
  if (message.role === 'user') return [message.content];
  if (message.role === 'tool') return message.content.map(({ output }) => output.value);
  return message.content.flatMap((part) => (part.type === 'text' ? [part.text] : []));
};
const callsOf = (message: Message | undefined) =>
  message?.role === 'assistant' ? message.content.filter((part) => part.type === 'tool-call') : [];
const resultsOf = (message: Message | undefined) => (message?.role === 'tool' ? message.content : []);

/** The reasons for which a provider would reject a prompt. */
const faultsOf = (messages: Message[]): string[] => {
  const calls = messages.flatMap(callsOf);
  const ids = calls.map(({ toolCallId: id }) => id);
  const texts = messages.flatMap(textsOf);
  return [
    ...(messages[0]?.role === 'user' ? [] : ['the first message is not from the user']),
    ...texts.flatMap((text) => (text.trim() === '' ? ['a blank text'] : [])),
    ...[...texts, JSON.stringify(calls)].flatMap((text) => (text.isWellFormed() ? [] : ['half a character'])),
    ...calls.flatMap((one) =>
      /\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f])/i.test(JSON.stringify(one)) ? ['half a character'] : [],
    ),
    ...(new Set(ids).size === ids.length ? [] : ['an id twice']),
    ...calls.flatMap(({ toolCallId: id, toolName: name }) =>
      [id, name].flatMap((word) => (/^[a-zA-Z0-9_-]{1,64}$/.test(word) ? [] : [`an illegal name ${word}`])),
    ),
    ...messages.flatMap((message, at) => {
      const asked = callsOf(message).map(({ toolCallId: id }) => id);
      const answered = resultsOf(messages[at + 1]).map(({ toolCallId: id }) => id);
      return asked.join() === answered.join() ? [] : [`calls ${asked} answered by ${answered}`];
    }),
    ...messages.flatMap((message) => (modelMessageSchema.safeParse(message).success ? [] : ["not the SDK's message"])),
  ];
};

/** The steps until one reply is refused by name or is the final answer. */
const committed = async (replies: ModelReply[], world: Parameters<typeof takeSteps>[1]): Promise<Step[]> => {
  let steps: Step[] = [];
  for (let count = 1; count <= replies.length; count++) {
    try {
      steps = await takeSteps(replies.slice(0, count), { ...world, effects: memoryEffects() });
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(Failure);
      expect(thrown).toMatchObject({
        name: expect.stringMatching(/^(EmptyReply|ReplyCut|ReplyRefused|ModelUnavailable)$/),
      });
      return steps;
    }
    if (steps.some(isFinal)) return steps;
  }
  return steps;
};

describe('a session', () => {
  it('is a valid prompt after every step, for any model replies and tool results', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(reply, { maxLength: 4 }), act, act, fc.boolean(), async (replies, get, post, fits) => {
        const tools = { get: stubTool('none', async () => get()), post: stubTool('once', async () => post()) };
        const readResult = (text: string) => (fits ? { value: text } : { problem: 'it is wrong' });
        const steps = await committed(replies, { tools, effects: memoryEffects(), readResult });
        for (const step of steps) {
          const written = JSON.stringify(step);
          expect(Step.parse(JSON.parse(written))).toEqual(step);
          expect(byteLength(written)).toBeLessThan(maxStepBytes);
        }
        for (let end = 0; end <= steps.length; end++)
          expect(faultsOf(conversation('Go.', steps.slice(0, end)))).toEqual([]);
      }),
      { numRuns: plays(150) },
    );
  });

  it('fits the item size of the store when every part of a step is at its maximum', async () => {
    const huge = '"'.repeat(200_000);
    const tools = { get: stubTool('none', async () => huge) };
    const calls = Array.from({ length: 32 }, (_, at): ReplyPart => {
      const args = { text: 'x'.repeat(1000) };
      return { type: 'tool-call', toolCallId: `c${at}`, toolName: 'get', input: args };
    });
    const words = Array.from({ length: 20 }, (): ReplyPart => ({ type: 'text', text: huge }));
    const [step] = await takeSteps([replyOf([...words, ...calls])], { tools, effects: memoryEffects() });
    const size = byteLength(JSON.stringify(step));
    expect(size).toBeGreaterThan(maxStepBytes * 0.8);
    expect(size).toBeLessThan(maxStepBytes);
  });
});

describe('a model reply', () => {
  const accepted = (content: ReplyPart[], taken: string[] = []) => {
    const { message, refusals } = acceptReply(replyOf(content), new Set(taken));
    return { calls: callsOf(message), texts: textsOf(message), refusals };
  };
  const asks = (id: string, name = 'get', args: unknown = {}): ReplyPart => ({
    type: 'tool-call',
    toolCallId: id,
    toolName: name,
    input: args,
  });

  it('keeps valid call ids and replaces the others with unique ones', () => {
    const { calls, refusals } = accepted([asks('call_3_get'), asks('!'), asks('a'), asks('a')], ['old', 'call_4_get']);
    expect(calls.map(({ toolCallId: id }) => id)).toEqual(['call_3_get', 'call_5_get', 'a', 'call_6_get']);
    expect(refusals).toEqual([]);
  });

  it('has no executed call whose name or arguments could not be stored', () => {
    const { calls, refusals } = accepted([
      asks('a', 'g.et'),
      asks('b', ''),
      asks('c', 'get', '{"half":'),
      asks('d', 'get', { n: Number.POSITIVE_INFINITY }),
      asks('e', 'get', { deep: nested(40) }),
      asks('f', 'get', { long: 'x'.repeat(40_000) }),
      asks('g', 'get', { fine: nested(20) }),
    ]);
    expect(refusals.map(({ toolCallId: id }) => id)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect(calls.map(({ input: args }) => Object.keys(args))).toEqual([[], [], [], [], [], [], ['fine']]);
    expect(calls.map(({ toolName: name }) => name).slice(0, 2)).toEqual(['g_et', 'unnamed']);
  });

  it('runs at most thirty-two calls and refuses the others', () => {
    const { calls, refusals } = accepted(Array.from({ length: 35 }, (_, at) => asks(`c${at}`)));
    expect(calls).toHaveLength(35);
    expect(refusals.map(({ toolCallId: id }) => id)).toEqual(['c32', 'c33', 'c34']);
  });

  it('has its texts cut and marked when they are too long together', () => {
    const { texts } = accepted([
      { type: 'text', text: 'x'.repeat(20_000) },
      { type: 'text', text: 'y'.repeat(20_000) },
      { type: 'text', text: 'z'.repeat(20_000) },
      asks('a'),
    ]);
    expect(byteLength(texts.join(''))).toBe(32 * 1024);
    expect(texts).toHaveLength(2);
    expect(texts[1]).toMatch(/^y+\n\[cut: /);
  });

  it('that is final may be three times as long', () => {
    expect(byteLength(accepted([{ type: 'text', text: 'x'.repeat(200_000) }]).texts.join(''))).toBe(96 * 1024);
  });

  it('that is final loses its thoughts where they are too long to store, signed or not', () => {
    const signed = { anthropic: { signature: 's' } };
    for (const text of ['🙂'.repeat(100_000), '"'.repeat(200_000)]) {
      const parts: ReplyPart[] = [
        { type: 'reasoning', text, providerOptions: signed },
        { type: 'reasoning', text },
        { type: 'text', text: 'DONE' },
      ];
      expect(acceptReply(replyOf(parts), new Set()).message.content).toEqual([{ type: 'text', text: 'DONE' }]);
    }
    const short: ReplyPart[] = [
      { type: 'reasoning', text: 'Hm.' },
      { type: 'text', text: 'DONE' },
    ];
    expect(acceptReply(replyOf(short), new Set()).message.content).toEqual(short);
  });

  it('with a call has long thoughts cut, unless they are signed', () => {
    const long = { type: 'reasoning' as const, text: '"'.repeat(147_000) };
    const { content } = acceptReply(replyOf([long, asks('a')]), new Set()).message;
    expect(content[0]).toMatchObject({ type: 'reasoning', text: expect.stringMatching(/^"{1000,}\n\[cut: /) });
    expect(byteLength(JSON.stringify(content))).toBeLessThan(128 * 1024);
    const marked = { ...long, providerOptions: { openaiCompatible: { thought: 'reasoning_content' } } };
    expect(acceptReply(replyOf([marked, asks('a')]), new Set()).message.content[0]).toMatchObject({
      providerOptions: marked.providerOptions,
    });
    const kept: NonNullable<(typeof marked)['providerOptions'] | ReplyPart['providerOptions']>[] = [
      { anthropic: { signature: 's' } },
      { openaiCompatible: { details: [] } },
    ];
    for (const providerOptions of kept) {
      expect(() => acceptReply(replyOf([{ ...long, providerOptions }, asks('a')]), new Set())).toThrow(
        expect.objectContaining({ name: 'ItemTooLarge' }),
      );
    }
  });

  it('has its call refused where a number in the arguments would change, with the advice to send it as text', () => {
    const args = '{"channel_id":1234567890123456789}';
    expect(accepted([asks('a', 'get', args)])).toMatchObject({
      calls: [{ input: {} }],
      refusals: [{ toolCallId: 'a', why: expect.stringMatching(/1234567890123456789 .*write it as text/) }],
    });
  });

  it.each([
    ['{"channel_id":"1234567890123456789"}', { channel_id: '1234567890123456789' }],
    ['"{\\"a\\":1}"', undefined],
    [null, {}],
    [undefined, {}],
  ])('has the arguments %j read as %j', (args, read) => {
    const { calls, refusals } = accepted([asks('a', 'get', args)]);
    expect(refusals).toHaveLength(read ? 0 : 1);
    expect(calls[0]?.input).toEqual(read ?? {});
  });

  it('names the word of the provider where it ended the reply early', () => {
    const early = { ...replyOf([{ type: 'text', text: 'Half' }], 'other'), word: 'exploded' };
    expect(() => acceptReply(early, new Set())).toThrow(/"exploded"/);
  });

  it.each([
    ['EmptyReply', replyOf([])],
    ['EmptyReply', replyOf([{ type: 'text', text: ' \r\n' }])],
    ['EmptyReply', replyOf([{ type: 'reasoning', text: 'Hm.' }], 'stop')],
    ['ReplyCut', replyOf([{ type: 'text', text: 'Half' }], 'length')],
    ['ReplyCut', replyOf([{ type: 'text', text: 'Half' }], 'context')],
    ['ReplyRefused', replyOf([{ type: 'text', text: 'No.' }], 'refused')],
    ['ModelUnavailable', replyOf([{ type: 'text', text: 'Half' }], 'broken')],
    ['ModelUnavailable', replyOf([{ type: 'text', text: 'Whole?' }], 'other')],
    ['ModelUnavailable', replyOf([asks('a')], 'other')],
  ])('that is empty, cut or refused by the model is %s', (name, wrong) => {
    expect(() => acceptReply(wrong, new Set())).toThrow(expect.objectContaining({ name }));
  });
});
