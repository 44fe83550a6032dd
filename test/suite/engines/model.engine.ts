import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ToolSpec } from '../../../lib/agent/model.ts';
import type { Asked } from '../../../lib/io/model/provider.ts';
import { resultReader } from '../../../lib/run/result.ts';
import { failureOf } from '../../kit/failure-of.ts';
import { answered, ask, type Opening, open, signal } from '../../kit/open-model.ts';
import { type Aimock, type Chaos, startAimock } from './model-aimock.ts';
import { startLiteLlm } from './model-litellm.ts';
import { startLlama } from './model-llama.ts';

const result = {
  type: 'object',
  properties: { boats: { type: 'integer' } },
  required: ['boats'],
  additionalProperties: false,
};
const tools: ToolSpec[] = [
  {
    name: 'http_get',
    description: 'Fetches a page.',
    inputSchema: { type: 'object', properties: { url: { type: 'string' } }, required: ['url'] },
  },
];

/** One call of a model through the adapter that the attempt function uses. */
const call = async (opening: Opening, prompt: string, more: { tools?: ToolSpec[]; asked?: Asked } = {}) => {
  const model = await open(opening, { outputTokens: 200, ...more.asked });
  const messages = [{ role: 'user' as const, content: prompt }];
  return model({ ...ask, messages, tools: more.tools ?? [] }, signal);
};

const said = ({ content }: Awaited<ReturnType<typeof call>>): string =>
  content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('');

const typed = async (opening: Opening, prompt: string): Promise<unknown> =>
  (await resultReader(result))(said(await call(opening, prompt, { asked: { result } })));

let aimock: Aimock;
beforeAll(async () => {
  aimock = await startAimock();
});
afterAll(() => aimock.close());

describe.each(['openai', 'anthropic', 'bedrock'] as const)('the models on aimock', (wire) => {
  afterEach(() => aimock.chaos({}));

  it(`answers on the wire of ${wire} with text, a typed result, and calls that go on after their results`, async () => {
    const reply = await call(aimock[wire], 'report');
    expect([said(reply), reply.finish, reply.usage.outputTokens > 0]).toEqual([
      'All is well at the harbour.',
      'stop',
      true,
    ]);
    expect(await typed(aimock[wire], 'count')).toEqual({ value: { boats: 3 } });
    const calls = await call(aimock[wire], 'fetch', { tools });
    expect(calls.finish).toBe('tool-calls');
    expect(calls.content).toEqual([
      expect.objectContaining({ toolName: 'http_get', input: { url: 'https://harbour.test/' } }),
    ]);
    const model = await open(aimock[wire], { outputTokens: 200 });
    const messages = [...answered(calls), { role: 'user' as const, content: 'report' }];
    expect(said(await model({ ...ask, messages, tools }, signal))).toBe('All is well at the harbour.');
  });

  it.each([
    ['cut', 'length'],
    ['filtered', 'refused'],
    ['unheard-of', 'other'],
  ])(`says on the wire of ${wire} how a reply that is %s ended: %s`, async (prompt, finish) => {
    expect((await call(aimock[wire], prompt)).finish).toBe(finish);
  });

  it(`keeps a thought on the wire of ${wire}, and estimates tokens where none are told`, async () => {
    const { content, usage } = await call(aimock[wire], 'ponder');
    expect(content).toEqual([
      expect.objectContaining({ type: 'reasoning', text: 'The tide is out.' }),
      expect.objectContaining({ type: 'text', text: 'Wait for the tide.' }),
    ]);
    expect(usage).toMatchObject({ usd: null, estimated: true });
    expect(usage.inputTokens).toBeGreaterThan(0);
  });

  it.each([
    ['400', 'InvalidPrompt'],
    ['401', 'Unauthorized'],
    ['403', 'Unauthorized'],
    ['404', 'UnknownModel'],
    ['500', 'ModelUnavailable'],
    ['529', 'ModelUnavailable'],
    ['a prompt that it does not know', 'UnknownModel'],
  ])(`refuses on the wire of ${wire} by %s, which is %s`, async (prompt, name) => {
    expect(await failureOf(call(aimock[wire], prompt))).toMatchObject({ name });
  });

  it.each<[Chaos, string, number | undefined]>([
    [{ dropRate: 1 }, 'ModelUnavailable', undefined],
    [{ malformedRate: 1 }, 'ModelUnavailable', undefined],
    [{ disconnectRate: 1 }, 'ModelUnavailable', undefined],
    [{ rateLimitRate: 1 }, 'ModelThrottled', 1],
  ])(`with %j fails on the wire of ${wire} as %s, and is asked again later`, async (chaos, name, retryAfterSeconds) => {
    await aimock.chaos(chaos);
    expect(await failureOf(call(aimock[wire], 'report'))).toMatchObject({ name, retryAfterSeconds });
    await aimock.chaos({});
    expect(said(await call(aimock[wire], 'report'))).toBe('All is well at the harbour.');
  });
});

describe('the models on LiteLLM', () => {
  let proxy: Awaited<ReturnType<typeof startLiteLlm>>;
  beforeAll(async () => {
    proxy = await startLiteLlm(aimock.url);
  });
  afterAll(() => proxy.close());

  describe.each(['openai', 'anthropic'] as const)('on the wire of %s', (wire) => {
    const opening = (model: string) => proxy.wires(model)[wire];

    it('answers for itself', async () => {
      const reply = await call(opening('plain'), 'report');
      expect([said(reply), reply.finish, reply.usage.inputTokens > 0]).toEqual([
        'All is well at the harbour.',
        'stop',
        true,
      ]);
    });

    it('passes on text, a typed result and calls of the server behind it', async () => {
      expect(said(await call(opening('behind'), 'report'))).toBe('All is well at the harbour.');
      expect(await typed(opening('behind'), 'count')).toEqual({ value: { boats: 3 } });
      const calls = await call(opening('behind'), 'fetch', { tools });
      expect(calls.content).toEqual([
        expect.objectContaining({ toolName: 'http_get', input: { url: 'https://harbour.test/' } }),
      ]);
    });

    it.each([
      ['throttled', 'ModelThrottled'],
      ['broken', 'ModelUnavailable'],
      ['gone', 'ModelUnavailable'],
      ['nowhere', 'UnknownModel'],
    ])('with the model %s fails as %s, in the words of the proxy', async (model, name) => {
      const failure = await failureOf(call(opening(model), 'report'));
      expect(failure).toMatchObject({ name });
      expect(failure.message).toMatch(/litellm|Invalid model name/);
    });

    it('takes no other key', async () => {
      const key = { OPENAI_COMPATIBLE_API_KEY: 'sk-another-key', ANTHROPIC_API_KEY: 'sk-another-key' };
      const failure = await failureOf(call({ ...opening('plain'), secrets: key }, 'report'));
      expect(failure).toMatchObject({ name: 'Unauthorized' });
      expect(failure.message).not.toContain('sk-another-key');
    });
  });
});

describe('the models on llama.cpp', () => {
  let llama: Awaited<ReturnType<typeof startLlama>>;
  beforeAll(async () => {
    llama = await startLlama();
  });
  afterAll(() => llama.close());

  it.each(['openai', 'anthropic'] as const)(
    'answers in words on the wire of %s, and counts its tokens',
    async (wire) => {
      const reply = await call(llama[wire](), 'Say hello to the harbour master.');
      expect(said(reply).trim()).not.toBe('');
      const { inputTokens, outputTokens, cacheReadTokens } = reply.usage;
      expect(inputTokens + cacheReadTokens).toBeGreaterThan(5);
      expect(outputTokens).toBeGreaterThan(0);
      expect(reply.usage.estimated).toBeUndefined();
    },
  );

  it('gives a typed result by native structured output', async () => {
    const found = await typed(llama.openai(), 'There are three boats in the harbour. How many boats are there?');
    expect(found).toEqual({ value: { boats: expect.any(Number) } });
  });

  it.each(['openai', 'anthropic'] as const)('takes a request with tools on the wire of %s', async (wire) => {
    const reply = await call(llama[wire](), 'Fetch https://harbour.test/', { tools });
    expect(['stop', 'tool-calls', 'length']).toContain(reply.finish);
  });

  it.each(['openai', 'anthropic'] as const)('says on the wire of %s that a reply was cut', async (wire) => {
    const reply = await call(llama[wire](), 'Tell a long story of the sea.', { asked: { outputTokens: 8 } });
    expect([reply.finish, reply.usage.outputTokens]).toEqual(['length', 8]);
  });

  it.each(['openai', 'anthropic'] as const)('takes no other key on the wire of %s', async (wire) => {
    expect(await failureOf(call(llama[wire]('sk-another-key'), 'Hello.'))).toMatchObject({ name: 'Unauthorized' });
  });

  it('refuses a prompt that its context does not hold, for good', async () => {
    const failure = await failureOf(call(llama.openai(), 'boat '.repeat(6000)));
    expect(failure).toMatchObject({ name: 'InvalidPrompt' });
    expect(failure.message).toMatch(/exceeds the available context size/);
  });
});
