import { expect, test } from 'vitest';
import type { Outcome } from '../../../lib/run/outcome.ts';
import { noUsage } from '../../../lib/usage.ts';
import { ends, expectOneWinner, failureOf } from '../failure-of.ts';
import { attemptOf, checkpointOf, effectOf, freshJob, freshRun, rangeOf, runOf, stateOf, today } from '../stored.ts';
import type { Bench } from './store-bench.ts';

const muchLater = new Date(today.getTime() + 405 * 86_400_000);
const outcome: Outcome = { status: 'succeeded', attempts: 1, steps: 1, usage: noUsage, endedAt: today.toJSON() };

/** Every record has a version and one conflict failure for the losing write. */
const records = {
  run: {
    conflict: 'RunConflict',
    open: ({ runs }: Bench['stores']) => {
      const job = freshJob();
      return {
        put: (version: number) => runs.put(runOf(job, { version })),
        get: () => runs.get(runOf(job).id),
      };
    },
  },
  attempt: {
    conflict: 'SessionConflict',
    open: ({ attempts }: Bench['stores']) => {
      const id = freshRun();
      return {
        put: (version: number) => attempts.put(attemptOf(id, 1, version)),
        get: () => attempts.get(id, 1),
      };
    },
  },
  effect: {
    conflict: 'EffectConflict',
    open: ({ effects }: Bench['stores']) => {
      const id = freshRun();
      return {
        put: (version: number) => effects.put(effectOf(id, 'k', version)),
        get: () => effects.get(id, 'k'),
      };
    },
  },
  'job state': {
    conflict: 'JobConflict',
    open: ({ states }: Bench['stores']) => {
      const job = freshJob();
      return {
        put: (version: number) => states.put(stateOf(job, version)),
        get: () => states.get(job),
      };
    },
  },
  look: {
    conflict: 'JobConflict',
    open: ({ checkpoints }: Bench['stores']) => {
      const job = freshJob();
      return {
        put: (version: number) => checkpoints.put(checkpointOf(job, version)),
        get: () => checkpoints.get(job),
      };
    },
  },
  range: {
    conflict: 'JobConflict',
    open: ({ ranges }: Bench['stores']) => {
      const job = freshJob();
      return {
        put: (version: number) => ranges.put(rangeOf(job, { version })),
        get: () => ranges.get(job, rangeOf(job).from),
      };
    },
  },
} as const;

/** The contract of Runs, Attempts, Effects, JobStates and Checkpoints. */
export const recordsContract = (bench: () => Bench) => {
  test.each(Object.entries(records))('each %s accepts only the next version', async (_, record) => {
    const { put, get } = record.open(bench().stores);
    const refused = async (version: number) => {
      expect(await failureOf(put(version))).toMatchObject({ name: record.conflict });
    };
    expect(await get()).toBeUndefined();
    await refused(2);
    await put(1);
    await refused(1);
    await refused(3);
    await put(2);
    await refused(1);
    await refused(2);
    await refused(4);
    await put(3);
    expect(await get()).toMatchObject({ version: 3 });
  });

  test.each(Object.entries(records))(
    'exactly one of twenty writers stores each version of each %s',
    async (_, record) => {
      const { put, get } = record.open(bench().stores);
      for (const version of [1, 2, 3]) {
        const ended = await ends(Array.from({ length: 20 }, () => put(version)));
        expectOneWinner(ended, record.conflict);
        expect(await get()).toMatchObject({ version });
      }
    },
  );

  test('a run is returned as it was stored', async () => {
    const { runs } = bench().stores;
    const run = runOf(freshJob(), { suffix: 'by-hand' });
    await runs.put(run);
    await runs.put({ ...run, outcome, version: 2 });
    expect(await runs.get(run.id)).toEqual({ ...run, outcome, version: 2 });
    expect(await runs.get(runOf(run.job.name).id)).toBeUndefined();
  });

  test('the attempts of a run are listed in order, without those of other runs', async () => {
    const { attempts } = bench().stores;
    const id = freshRun();
    for (const number of [10, 2, 1, 20, 11, 9]) await attempts.put(attemptOf(id, number));
    await attempts.put(attemptOf(`${id}_x`, 3));
    await bench().stores.effects.put(effectOf(id, 'k'));
    expect((await attempts.list(id)).map(({ number }) => number)).toEqual([1, 2, 9, 10, 11, 20]);
    expect(await attempts.list(freshRun())).toEqual([]);
  });

  test('runs, attempts and effects expire', async () => {
    const { stores, storesWith } = bench();
    const run = runOf(freshJob(), { slot: '2027-01-02T00:00:00Z' });
    const { id } = run;
    await stores.runs.put(run);
    await stores.attempts.put(attemptOf(id, 1));
    await stores.effects.put(effectOf(id, 'k'));
    const late = storesWith({ now: muchLater });
    expect(await late.runs.get(id)).toBeUndefined();
    expect(await late.runs.byJob(run.job.name, { limit: 10 })).toEqual([]);
    expect(await late.runs.byDay('2027-01-02')).toEqual([]);
    expect(await late.attempts.get(id, 1)).toBeUndefined();
    expect(await late.attempts.list(id)).toEqual([]);
    expect(await late.effects.get(id, 'k')).toBeUndefined();
    await late.runs.put(run);
    await late.attempts.put(attemptOf(id, 1));
    await late.effects.put(effectOf(id, 'k', 1, { attempt: 2 }));
    expect(await late.effects.get(id, 'k')).toMatchObject({ attempt: 2 });
    expect(await failureOf(late.runs.put(run))).toMatchObject({ name: 'RunConflict' });
  });

  test('the state of a job is returned as it was stored, separate from its checkpoint, runs and other jobs', async () => {
    const { states, checkpoints, runs } = bench().stores;
    const [job, other] = [freshJob(), freshJob()];
    const pause = { by: 'ana', since: today.toJSON(), until: null, note: 'holiday' };
    const state = stateOf(job, 1, { queued: runOf(job).id, streak: -3, pauses: [pause] });
    await states.put(state);
    await checkpoints.put(checkpointOf(job));
    await runs.put(runOf(job));
    expect(await states.get(job)).toEqual(state);
    expect(await checkpoints.get(job)).toEqual(checkpointOf(job));
    expect([await states.get(other), await checkpoints.get(other)]).toEqual([undefined, undefined]);
    expect(await runs.byJob(job, { limit: 10 })).toEqual([runOf(job)]);
  });

  test('a checkpoint expires with the runs, and its place may be taken again', async () => {
    const { stores, storesWith } = bench();
    const job = freshJob();
    await stores.checkpoints.put(checkpointOf(job));
    const late = storesWith({ now: muchLater });
    expect(await late.checkpoints.get(job)).toBeUndefined();
    await late.checkpoints.put(checkpointOf(job));
  });

  test('the state of a job outlives its runs', async () => {
    const { stores, storesWith } = bench();
    const job = freshJob();
    await stores.states.put(stateOf(job));
    const late = storesWith({ now: muchLater });
    expect(await late.states.get(job)).toEqual(stateOf(job));
    const tenYears = storesWith({ now: new Date(today.getTime() + 3651 * 86_400_000) });
    expect(await tenYears.states.get(job)).toBeUndefined();
    await tenYears.states.put(stateOf(job));
    expect(await tenYears.states.get(job)).toEqual(stateOf(job));
  });

  test('the effects of a run are listed without the outputs of those that are done, with calls that lost their seat', async () => {
    const { effects, attempts } = bench().stores;
    const [one, other] = [freshRun(), freshRun()];
    await attempts.put(attemptOf(one, 1));
    await effects.put(effectOf(other, 'k'));
    const keys = Array.from({ length: 45 }, (_, at) => `key-${at}`);
    for (const key of keys) await effects.put(effectOf(one, key, 1, { status: 'done', output: 'x'.repeat(1000) }));
    const lost = { key: 'lost', attempt: 1, step: 2, place: 'desk', output: 'The server answered 401.' };
    await effects.put(effectOf(one, 'kept', 1, { status: 'unknown', output: 'Gone.\nmore', seat: 1, before: [lost] }));
    await effects.put(effectOf(one, 'kept', 1, { status: 'undone', output: 'Over the limit.' }));
    const listed = await effects.list(one);
    expect(listed.map(({ key }) => key).sort()).toEqual([...keys, 'kept', 'lost'].sort());
    expect(listed.find(({ key }) => key === 'key-0')).toMatchObject({ status: 'done', reason: null });
    expect(listed.find(({ key }) => key === 'kept')).toMatchObject({ status: 'unknown', reason: 'Gone.' });
    expect(listed.find(({ key }) => key === 'lost')).toMatchObject({ status: 'undone', place: 'desk', step: 2 });
    expect(JSON.stringify(listed)).not.toContain('xxx');
    expect(await effects.list(freshRun())).toEqual([]);
  });

  test('the seats of a tool are listed without other effects of its run, and each accepts only the next version', async () => {
    const { effects } = bench().stores;
    const id = freshRun();
    const seat = (tool: string, number: number, version = 1) =>
      effectOf(id, `k${version}`, version, { tool, seat: number });
    for (const number of [2, 1, 100]) await effects.put(seat('pay', number));
    await effects.put(seat('pay_all', 1));
    await effects.put(effectOf(id, 'k', 1, { tool: 'pay' }));
    expect((await effects.seats(id, 'pay')).map((one) => one.seat)).toEqual([1, 2, 100]);
    expect(await failureOf(effects.put(seat('pay', 1)))).toMatchObject({ name: 'EffectConflict' });
    await effects.put(seat('pay', 1, 2));
    expect(await effects.get(id, 'pay.001')).toMatchObject({ key: 'k2', seat: 1 });
  });

  test('an effect is returned with its output, separate from the same key in another run', async () => {
    const { effects } = bench().stores;
    const [one, other] = [freshRun(), freshRun()];
    await effects.put(effectOf(one, 'k'));
    const done = effectOf(one, 'k', 2, { status: 'done', output: '{"status":200}' });
    await effects.put(done);
    expect(await effects.get(one, 'k')).toEqual(done);
    expect(await effects.get(other, 'k')).toBeUndefined();
  });
};
