import { describe, expect, it } from 'vitest';
import { mustBeRunId, resultOf, runHistory } from '../../lib/report/run-history.ts';
import type { AttemptFailure } from '../../lib/run/attempt.ts';
import type { Outcome } from '../../lib/run/outcome.ts';
import type { Run } from '../../lib/run/run.ts';
import { sessionKey } from '../../lib/run/session.ts';
import type { Step } from '../../lib/run/step.ts';
import { noUsage } from '../../lib/usage.ts';
import { job } from '../kit/job.ts';
import { memoryStores } from '../kit/memory-stores.ts';
import { attemptOf, runOf, stepOf } from '../kit/stored.ts';

const endedAt = '2026-11-22T07:00:09.000Z';
const answer = (number: number, text: string): Step => ({
  ...stepOf(number),
  messages: [{ role: 'assistant', content: [{ type: 'text', text }] }],
  calls: [],
});
const failed: AttemptFailure = {
  failure: 'EmptyReply',
  message: 'nothing',
  usage: noUsage,
  endedAt,
  decision: { status: 'retry', delaySeconds: 2 },
};
const succeeded: Outcome = { status: 'succeeded', attempts: 2, steps: 1, usage: noUsage, endedAt };

/** A run whose first attempt failed after a tool call and whose second gave this answer. */
const told = async (fields: Record<string, unknown>, text = 'Done.', outcome: Outcome | null = succeeded) => {
  const stores = memoryStores();
  const run: Run = { ...runOf('report'), job: job({ retry: { note: true }, ...fields }), outcome };
  await stores.runs.put(run);
  await stores.attempts.put(attemptOf(run.id, 1));
  await stores.attempts.put({ ...attemptOf(run.id, 1), failed, version: 2 });
  await stores.attempts.put(attemptOf(run.id, 2));
  await stores.sessions.append(sessionKey(run.id, 1), stepOf(1));
  await stores.sessions.append(sessionKey(run.id, 2), answer(1, text));
  return { run, stores };
};

describe('the history of a run', () => {
  it('has every attempt with its steps and its first prompt', async () => {
    const { run, stores } = await told({});
    const history = await runHistory(run.id, stores);
    expect(history.run).toEqual(run);
    const [first, second] = history.attempts;
    expect(first).toMatchObject({ number: 1, failed, prompt: { prompt: 'Go.' }, steps: [stepOf(1)] });
    expect(second).toMatchObject({ number: 2, failed: null, steps: [answer(1, 'Done.')] });
    expect(second?.prompt.prompt).toContain('An earlier attempt at this failed: EmptyReply.');
  });

  it('reads the session of a closed attempt only once', async () => {
    const { run, stores } = await told({});
    const earlier = await runHistory(run.id, stores);
    const loaded: string[] = [];
    const load = (key: string) => {
      loaded.push(key);
      return stores.sessions.load(key);
    };
    const again = await runHistory(run.id, { ...stores, sessions: { ...stores.sessions, load } }, earlier);
    expect(loaded).toEqual([sessionKey(run.id, 2)]);
    expect(again).toEqual(earlier);
  });

  it('is undefined for an unrecorded run', async () => {
    await expect(runHistory('report_20261122T070000Z', memoryStores())).rejects.toMatchObject({ name: 'UnknownRun' });
  });
});

describe('a typed run id', () => {
  it.each(['report', 'report_20261122T0700Z', 'report_20261322T070000Z', 'report_20261122T070000Z_a_b', ''])(
    'is rejected as unknown when no run could have it: "%s"',
    (id) => {
      expect(() => mustBeRunId(id)).toThrow(expect.objectContaining({ name: 'UnknownRun' }));
      expect(() => mustBeRunId(id)).toThrow(`there is no run "${id}": a run id looks like <job>_20261122T070000Z`);
    },
  );

  it('is accepted with and without a suffix', () => {
    for (const id of ['report_20261122T070000Z', 'report_20261122T070000Z_manual-1'])
      expect(() => mustBeRunId(id)).not.toThrow();
  });
});

describe('the result of a run', () => {
  const resultIn = async (...args: Parameters<typeof told>) => {
    const { run, stores } = await told(...args);
    return resultOf(await runHistory(run.id, stores));
  };
  const typed = { result: { type: 'object', required: ['total'] } };

  it('is the text of the last answer, or its value when the job has a result schema', async () => {
    expect(await resultIn({})).toBe('Done.');
    expect(await resultIn(typed, '```json\n{"total":3}\n```')).toEqual({ total: 3 });
  });

  it('is the plain text when it does not fit the schema', async () => {
    expect(await resultIn(typed, 'Three.')).toBe('Three.');
  });

  it('is null for a run that is open or did not succeed', async () => {
    expect(await resultIn({}, 'Done.', null)).toBeNull();
    const end = { usage: noUsage, endedAt };
    expect(await resultIn({}, 'Done.', { status: 'skipped', why: 'overlap', ...end })).toBeNull();
    const outcome: Outcome = { status: 'failed', failure: 'EmptyReply', message: 'nothing', attempts: 2, ...end };
    expect(await resultIn({}, 'Done.', outcome)).toBeNull();
  });

  it('is null when the session has expired', async () => {
    const { run, stores } = await told({});
    const sessions = { ...stores.sessions, load: async () => [] };
    expect(await resultOf(await runHistory(run.id, { ...stores, sessions }))).toBeNull();
  });
});
