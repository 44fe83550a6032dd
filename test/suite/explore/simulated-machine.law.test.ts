import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDefinition, runMachine } from '../../../infra/local/step-functions/machine.ts';
import { firstInput } from '../../../lib/run/execution.ts';
import { noUsage } from '../../../lib/usage.ts';
import { play, readDefinition, type TaskResult } from './simulated-machine.ts';

const text = readFileSync('infra/run.asl.json', 'utf8');
const state = 'Spread';
const first = firstInput('report_20261122T070000Z');
/** One instant in the past and one in the future, for which the test does not wait. */
const instants = ['2026-11-22T07:00:00Z', '2126-11-22T07:00:30Z'] as const;

const attempts = [
  { status: 'done', steps: 2, usage: noUsage },
  { status: 'continue', version: 3 },
  { status: 'failed', failure: 'ModelUnavailable', message: 'gone', usage: noUsage },
];
const triages = [
  { status: 'retry', attempt: 2, delaySeconds: 1, spent: noUsage, note: 'Crash' },
  { status: 'give-up', failure: 'Unauthorized', message: 'no key', spent: noUsage },
  { status: 'done', steps: 2, usage: noUsage },
];
const settlements = [
  { status: 'succeeded', attempts: 1 },
  { status: 'failed', failure: 'Unauthorized', message: 'no key' },
];
const errors = [
  'Lambda.TooManyRequestsException',
  'Lambda.SdkClientException',
  'States.Timeout',
  'Runtime.ExitError',
  'RunConflict',
];

const taskResult = (results: object[]): fc.Arbitrary<TaskResult> =>
  fc.oneof(
    {
      arbitrary: fc
        .constantFrom(...results)
        .map((result): TaskResult => ({ ok: true, payload: JSON.stringify(result) })),
      weight: 3,
    },
    {
      arbitrary: fc.constantFrom(...errors).map((error): TaskResult => ({ ok: false, error, cause: 'why' })),
      weight: 2,
    },
  );

/** The answers of each task, in order. Later calls get an answer that ends the state machine. */
type Script = {
  notBefore: (typeof instants)[number];
  Attempt: TaskResult[];
  Triage: TaskResult[];
  Settle: TaskResult[];
};
type Task = Exclude<keyof Script, 'notBefore'>;
const last: Record<Task, object | undefined> = {
  Attempt: attempts[0],
  Triage: triages[1],
  Settle: settlements[0],
};
const script: fc.Arbitrary<Script> = fc.record({
  notBefore: fc.constantFrom(...instants),
  Attempt: fc.array(taskResult(attempts), { maxLength: 8 }),
  Triage: fc.array(taskResult(triages), { maxLength: 12 }),
  Settle: fc.array(taskResult(settlements), { maxLength: 9 }),
});

/** Answers tasks by a script and records their inputs. */
const playing = (given: Script) => {
  const left = structuredClone(given);
  const asked: [string, unknown][] = [];
  const answer = (name: Task, input: unknown): TaskResult => {
    asked.push([name, input]);
    return left[name].shift() ?? { ok: true, payload: JSON.stringify(last[name]) };
  };
  return { asked, answer };
};

const ours = async (given: Script) => {
  const { asked, answer } = playing(given);
  const entered: [string, unknown][] = [];
  const waited: [string, object][] = [];
  const end = await play(
    readDefinition(text),
    { state, data: { notBefore: given.notBefore, first } },
    {
      entered: async (name, input) => void entered.push([name, input]),
      invoke: async (_, name, input) => answer(name as Task, input),
      wait: async (name, until) => void waited.push([name, until]),
    },
  );
  return { asked, entered, waited, end };
};

const theirs = async (given: Script) => {
  const { asked, answer } = playing(given);
  const entered: [string, unknown][] = [];
  const arns = Object.fromEntries(
    ['Attempt', 'Triage', 'Settle'].map((name) => [`${name}Arn`, `arn:aws:lambda:eu-west-1:0:function:${name}`]),
  );
  const { end } = runMachine(
    parseDefinition(text, arns),
    { state, input: { notBefore: given.notBefore, first }, timeoutSeconds: undefined },
    {
      overrides: {
        waitTimeOverrides: { Backoff: 0, ...(given.notBefore === instants[1] && { Spread: 0 }) },
        retryIntervalOverrides: { Attempt: 0, Triage: 0, Settle: 0 },
      },
      entered: (name, input) => entered.push([name, input]),
      invoke: async (name, event) => {
        const result = answer(name as Task, JSON.parse(event));
        return result.ok ? result : { ok: false, error: { errorType: result.error, errorMessage: result.cause } };
      },
    },
  );
  return { asked, entered, end: await end };
};

test('the simulated state machine enters the same states as the local engine for any answers of its tasks', async () => {
  await fc.assert(
    fc.asyncProperty(script, async (given) => {
      const [mine, other] = [await ours(given), await theirs(given)];
      expect(mine.entered.map(([name]) => name)).toEqual(other.entered.map(([name]) => name));
      // The local engine puts the whole error payload into Cause, the simulated one only its message.
      const withoutCause = (asked: unknown) =>
        JSON.parse(JSON.stringify(asked, (key, value) => (key === 'Cause' ? '' : value)));
      expect(withoutCause(mine.asked)).toEqual(withoutCause(other.asked));
      expect(mine.waited[0]).toEqual(['Spread', { instant: Date.parse(given.notBefore) }]);
      expect(mine.end.status).toBe(other.end.status);
      if (mine.end.status === 'FAILED') expect(other.end).toMatchObject({ error: mine.end.error });
    }),
    { numRuns: 150 },
  );
});

test.each([
  ['an unknown type of state', '"Type": "Pass"', '"Type": "Parallel"'],
  ['an unknown field', '"SecondsPath"', '"Seconds"'],
  ['an unknown field of a retry', '"BackoffRate": 2,', '"BackoffRate": 2, "More": 1,'],
  ['an unknown test of a choice', '"StringEquals": "done"', '"StringMatches": "done"'],
])('the simulated state machine refuses a definition with %s', (_, found, changed) => {
  expect(text).toContain(found);
  expect(() => readDefinition(text.replace(found, changed))).toThrow('does not know');
});
