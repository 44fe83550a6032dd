import fc from 'fast-check';
import type { Outcome } from '../../../../lib/run/outcome.ts';
import type { Run } from '../../../../lib/run/run.ts';
import { sessionKey } from '../../../../lib/run/session.ts';
import type { Step } from '../../../../lib/run/step.ts';
import { noUsage } from '../../../../lib/usage.ts';
import { boundary, broken, ending } from '../boundary.ts';
import { changed, edits, jsonEdit } from '../hostile-json.ts';
import type { Wire } from '../loopback-aws.ts';
import { jobs, openWorld, untouched, type World } from '../loopback-service.ts';

const slot = '2026-11-22T07:00:00Z';
export const runId = 'small_20261122T070000Z';
const startedAt = new Date().toJSON();
export const usage = { inputTokens: 100, outputTokens: 10, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0.01 };

export const run: Run = { id: runId, slot, job: jobs.small, startedAt, outcome: null, version: 1 };
const outcome: Outcome = { status: 'succeeded', attempts: 1, steps: 2, usage, endedAt: startedAt };
const call = { toolCallId: 'call_1_1', toolName: 'list_runs' };
const facts = { usage, startedAt, modelMs: 1, toolMs: 1 };
export const steps: Step[] = [
  {
    number: 1,
    messages: [
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'So.' },
          { type: 'tool-call', ...call, input: {} },
        ],
      },
      { role: 'tool', content: [{ type: 'tool-result', ...call, output: { type: 'text', value: 'none' } }] },
    ],
    calls: ['ok'],
    ...facts,
  },
  { number: 2, messages: [{ role: 'assistant', content: [{ type: 'text', text: 'Done.' }] }], calls: [], ...facts },
];

/** How far the run has come when the state data arrives. */
const stages = {
  'no run': async () => {},
  recorded: async ({ runs }) => runs.put(run),
  claimed: async (stores) => {
    await stages.recorded(stores);
    await stores.attempts.put({ runId, number: 1, startedAt, failed: null, version: 1 });
  },
  'one step': async (stores) => {
    await stages.claimed(stores);
    await stores.sessions.append(sessionKey(runId, 1), steps[0] as Step);
  },
  answered: async (stores) => {
    await stages['one step'](stores);
    await stores.sessions.append(sessionKey(runId, 1), steps[1] as Step);
  },
  closed: async (stores) => {
    await stages['one step'](stores);
    const failed = {
      failure: 'ModelUnavailable',
      message: 'busy',
      usage,
      endedAt: startedAt,
      decision: { status: 'retry', delaySeconds: 1 },
    } as const;
    await stores.attempts.put({ runId, number: 1, startedAt, failed, version: 2 });
  },
  settled: async (stores) => {
    await stages.answered(stores);
    await stores.runs.put({ ...run, outcome, version: 2 });
  },
} satisfies Record<string, (stores: World['stores']) => Promise<void>>;
type Stage = keyof typeof stages;

const attemptInput = fc.record({
  runId: fc.oneof(
    { weight: 8, arbitrary: fc.constant(runId) },
    fc.constantFrom('other_20261122T070000Z', 'small_20261122T070000Z_manual', 'small_20261322T070000Z', ''),
  ),
  attempt: fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, fc.integer({ min: 2, max: 1000 })),
  version: fc.constantFrom(0, 0, 0, 1, 1, 2),
  spent: fc.constantFrom(
    noUsage,
    usage,
    { ...usage, usd: null },
    { ...usage, inputTokens: Number.MAX_SAFE_INTEGER, usd: 1e308 },
  ),
  note: fc.constantFrom(null, 'ModelUnavailable', 'Crash'),
});
const failedResult = fc.oneof(
  fc.record(
    {
      status: fc.constant('failed'),
      failure: fc.constantFrom('ModelThrottled', 'StepLimit', 'Crash'),
      message: fc.constantFrom('busy', '', 'x'.repeat(1000)),
      usage: fc.constantFrom(usage, noUsage, { ...usage, inputTokens: Number.MAX_SAFE_INTEGER, usd: 1e308 }),
      retryAfterSeconds: fc.constantFrom(0, 1.5, 1e308),
    },
    { requiredKeys: ['status', 'failure', 'message', 'usage'] },
  ),
  fc.record(
    {
      Error: fc.constantFrom('Sandbox.Timedout', 'Lambda.Unknown', 'TypeError', 'ModelThrottled', '__proto__'),
      Cause: fc.constantFrom('', '{"errorMessage":"x"}'),
    },
    { requiredKeys: ['Error'] },
  ),
);
const endResult = fc.oneof(
  fc.record({ status: fc.constant('done'), steps: fc.constantFrom(1, 2), usage: fc.constant(usage) }),
  fc.record({
    status: fc.constant('give-up'),
    failure: fc.constantFrom('StepLimit', 'Crash'),
    message: fc.constant('over'),
    spent: fc.constant(usage),
  }),
);
const died = fc.record({
  version: fc.constant('0'),
  source: fc.constant('aws.states'),
  'detail-type': fc.constant('Step Functions Execution Status Change'),
  account: fc.constant('000000000000'),
  detail: fc.record({
    name: fc.constantFrom(runId, runId, 'other_20261122T070000Z', 'not-of-ours'),
    status: fc.constantFrom('FAILED', 'TIMED_OUT', 'ABORTED'),
  }),
});

const joined = (input: fc.Arbitrary<object>, result: fc.Arbitrary<object>) =>
  fc.tuple(input, result).map(([fields, ended]) => ({ ...fields, result: ended }));
const casesOf = (event: fc.Arbitrary<object>, names: Stage[]) =>
  fc.record({
    event,
    stage: fc.constantFrom(...names),
    changes: edits(jsonEdit, 2),
  });

/** Reads every stored item. Throws for a damaged one. */
const readable = async ({ stores }: World): Promise<boolean> => {
  await stores.runs.get(runId);
  const tried = await stores.attempts.list(runId);
  for (const { number } of tried) await stores.sessions.load(sessionKey(runId, number));
  return (await stores.runs.byJob('small', { limit: 10 })).length <= 1;
};

const failedBy = (value: unknown): string | undefined =>
  typeof value === 'object' && value !== null && 'status' in value && value.status === 'failed' && 'failure' in value
    ? String(value.failure)
    : undefined;

/** Whether a settled run kept its outcome. */
const kept = async ({ stores }: World, stage: Stage): Promise<boolean> =>
  stage !== 'settled' || JSON.stringify((await stores.runs.get(runId))?.outcome) === JSON.stringify(outcome);

/** The verdict of an invocation. An attempt returns its failures, which count as refusals. */
const verdict = (name: string, ended: { value: unknown } | { refused: string }): string => {
  if ('refused' in ended) return ended.refused;
  return (name === 'attempt' && failedBy(ended.value)) || 'accepted';
};

/** Whether the state machine could send this state data at this stage, so that it must be accepted. */
const mustAccept = (name: string, good: object, stage: Stage): boolean => {
  const { runId: id, attempt, version, spent } = good as Record<string, unknown>;
  if (id !== runId || attempt !== 1 || stage === 'no run') return false;
  return name !== 'attempt' || (stage === 'recorded' && version === 0 && spent === noUsage);
};

const accept = (name: string, must: boolean, ended: { value: unknown } | { refused: string }): void => {
  if (must && verdict(name, ended) !== 'accepted') broken('valid state data is refused', ended);
};

const stateBoundary = async (name: 'attempt' | 'triage' | 'settle', event: fc.Arbitrary<object>, names: Stage[]) => {
  const world = await openWorld();
  const items = new Map<Stage, Wire[]>();
  for (const stage of names) items.set(stage, await world.made(stages[stage]));
  return boundary({
    cases: casesOf(event, names),
    judge: async ({ event: good, stage, changes }) => {
      world.damaged.length = 0;
      world.aws.replaceItems(items.get(stage) ?? []);
      const ended = await ending(() => world.invoke(name, changed(good, changes)));
      accept(name, changes.length === 0 && mustAccept(name, good, stage), ended);
      if ('refused' in ended && !untouched(world.aws))
        return broken('the function refused state data and wrote to AWS', world.aws.items);
      if (untouched(world.aws)) return verdict(name, ended);
      const after = await ending(() => readable(world));
      if ('refused' in after) return broken('an item that the function wrote cannot be read', after.failure);
      if (!after.value || world.damaged.length > 0 || !(await kept(world, stage)))
        return broken('the function left a damaged item or changed an outcome', world.damaged);
      return verdict(name, ended);
    },
    close: world.close,
  });
};

const all: Stage[] = ['no run', 'recorded', 'claimed', 'one step', 'answered', 'closed', 'settled'];

/** State data to the real handlers, at every stage of a run. */
export const attemptState = () =>
  stateBoundary('attempt', attemptInput, [...all, 'recorded', 'recorded', 'claimed', 'one step']);
export const triageState = () => stateBoundary('triage', joined(attemptInput, failedResult), all);
export const settleState = () =>
  stateBoundary(
    'settle',
    fc.oneof({ weight: 2, arbitrary: joined(attemptInput, endResult) }, { weight: 1, arbitrary: died }),
    all,
  );
