import fc from 'fast-check';
import type { AssistantPart } from '../../../../lib/run/message.ts';
import { type CallStatus, Step } from '../../../../lib/run/step.ts';
import { signature } from '../../../kit/wire/anthropic-reply.ts';
import { boundary, broken, ending } from '../boundary.ts';
import { changed, edits, jsonEdit } from '../hostile-json.ts';
import { anyText, edited, textEdit } from '../hostile-text.ts';
import type { Wire } from '../loopback-aws.ts';
import { openWorld } from '../loopback-service.ts';
import { promptFault } from '../prompt-fault.ts';
import { usage } from './machine-state.ts';

const key = 'small_20261122T070000Z/a1';
const words = anyText.map((text) => `so ${text}.`);
const thought = fc.constantFrom('hm', 'let me see');
const call = fc.record({
  tool: fc.constantFrom('http_get', 'http_post'),
  input: fc.constantFrom<Record<string, unknown>[]>({}, { url: 'https://example.com' }, { a: [1, { b: null }] }),
  status: fc.constantFrom<CallStatus[]>('ok', 'recorded', 'error', 'refused', 'unreachable', 'unknown'),
  output: words,
});
const step = fc.record({
  thought: fc.option(thought, { nil: undefined }),
  text: fc.option(words, { nil: undefined }),
  calls: fc.array(call, { minLength: 1, maxLength: 3 }),
  end: fc.oneof({ weight: 5, arbitrary: fc.constant('calls') }, fc.constantFrom('correction', 'answer')),
});
type Drawn = typeof step extends fc.Arbitrary<infer T> ? T : never;

const spoken = ({ thought: hm, text, calls, end }: Drawn, number: number): AssistantPart[] => [
  ...(hm === undefined
    ? []
    : [{ type: 'reasoning' as const, text: hm, providerOptions: { anthropic: { signature: signature(hm) } } }]),
  ...(text === undefined && end === 'calls' ? [] : [{ type: 'text' as const, text: text ?? 'So.' }]),
  ...(end === 'calls'
    ? calls.map(({ tool, input }, at) => ({
        type: 'tool-call' as const,
        toolCallId: `call_${number}_${at}`,
        toolName: tool,
        input: input as never,
      }))
    : []),
];

/** A step as the product writes it. */
const written = (drawn: Drawn, number: number): Step => {
  const { calls, end } = drawn;
  const assistant = { role: 'assistant' as const, content: spoken(drawn, number) };
  const results = calls.map(({ tool, status, output }, at) => ({
    type: 'tool-result' as const,
    toolCallId: `call_${number}_${at}`,
    toolName: tool,
    output: { type: status === 'ok' ? ('text' as const) : ('error-text' as const), value: output },
  }));
  const messages: Step['messages'] =
    end === 'calls'
      ? [assistant, { role: 'tool', content: results }]
      : end === 'correction'
        ? [assistant, { role: 'user', content: 'Answer again with the JSON value alone.' }]
        : [assistant];
  const statuses = end === 'calls' ? calls.map(({ status }) => status) : [];
  return { number, messages, calls: statuses, usage, startedAt: '2026-11-22T07:00:05.000Z', modelMs: 1, toolMs: 1 };
};

const damage = fc.record({ at: fc.nat(9), changes: edits(jsonEdit), scratches: edits(textEdit, 12) });
const cases = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 4 }),
  damages: fc.oneof(
    { weight: 1, arbitrary: fc.array(damage, { maxLength: 0 }) },
    { weight: 3, arbitrary: fc.array(damage, { minLength: 1, maxLength: 2 }) },
  ),
  /** A step under another step's key, renumbered or not, or a missing step. */
  order: fc.option(
    fc.record({ kind: fc.constantFrom('copied', 'renumbered', 'gone'), from: fc.nat(9), to: fc.nat(9) }),
    { nil: undefined, freq: 3 },
  ),
});
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

const itemsOf = ({ steps, damages, order }: Case): Wire[] => {
  const whole = steps.map((drawn, at) => written(drawn, at + 1));
  const datas = whole.map((one, at) => {
    const mine = damages.filter((each) => each.at % whole.length === at);
    const damaged = changed(
      one,
      mine.flatMap(({ changes }) => changes),
    );
    return edited(
      JSON.stringify(damaged) ?? '',
      mine.flatMap(({ scratches }) => scratches),
    );
  });
  const [from, to] = order ? [order.from % whole.length, order.to % whole.length] : [0, 0];
  if (order?.kind === 'copied') datas[to] = datas[from] ?? '';
  if (order?.kind === 'renumbered') datas[to] = JSON.stringify({ ...whole[from], number: to + 1 });
  const items = datas.map((data, at) => ({
    pk: { S: `session#${key}` },
    sk: { S: `step#${String(at + 1).padStart(5, '0')}` },
    expiresAt: { N: '4102444800' },
    token: { S: 't' },
    data: { S: data },
  }));
  return order?.kind === 'gone' ? items.filter((_, at) => at !== to) : items;
};

const isUnharmed = ({ damages, order, steps }: Case): boolean =>
  damages.every(({ changes, scratches }) => changes.length + scratches.length === 0) &&
  (order === undefined || (order.kind !== 'gone' && order.from % steps.length === order.to % steps.length));

const refused = (one: Case, { refused: name, failure }: { refused: string; failure: Error }): string => {
  if (isUnharmed(one)) return broken('an undamaged session is refused', failure);
  return name === 'DamagedItem'
    ? name
    : broken('a damaged session is refused by another name than DamagedItem', failure);
};

const accepted = async (steps: Step[]): Promise<string> => {
  for (let end = 1; end <= steps.length; end += 1) {
    const fault = await promptFault(steps.slice(0, end));
    if (fault !== undefined) return broken(`the first ${end} steps load but are not a valid prompt`, { fault, steps });
  }
  const again = steps.every((each) => Step.safeParse(JSON.parse(JSON.stringify(each))).success);
  return again ? 'accepted' : broken('a loaded step does not fit its schema', steps);
};

/** Stored sessions, whole and damaged. Every prefix of a loaded session is a prompt for Anthropic; other sessions are DamagedItem. */
export const storedSession = async () => {
  const world = await openWorld();
  return boundary({
    cases,
    judge: async (one) => {
      world.aws.replaceItems(itemsOf(one));
      const ended = await ending(() => world.stores.sessions.load(key));
      return 'refused' in ended ? refused(one, ended) : accepted(ended.value);
    },
    close: world.close,
  });
};
