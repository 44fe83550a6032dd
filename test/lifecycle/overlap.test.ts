import { describe, expect, test } from 'vitest';
import { dispatch } from '../../lib/lifecycle/dispatch.ts';
import { SettleInput, settle } from '../../lib/lifecycle/settle.ts';
import { longestRunSeconds } from '../../lib/policy/lease.ts';
import { firstInput } from '../../lib/run/execution.ts';
import { reconcile } from '../../lib/watch/reconcile.ts';
import { scriptedModel, textReply, toolCallReply, tools, usage, work } from '../kit/agent.ts';
import { job } from '../kit/job.ts';
import { reportService } from '../kit/report-service.ts';
import { idOf, ids, slots } from '../kit/report-slots.ts';

const [first, second, third] = slots;
const [one, two, three] = ids;

describe('a slot that is due while the run before it is open', () => {
  test('is skipped by default, and its outcome names that run', async () => {
    const { deliver, outcome, running, ends } = await reportService({});
    await deliver(first);
    expect(await deliver(second)).toEqual({ status: 'skipped', run: two, why: 'overlap' });
    expect(await outcome(two)).toMatchObject({ why: 'overlap', by: one, message: `${one} was still open` });
    expect(running()).toEqual([one]);
    await ends(one);
    expect(await deliver(third)).toMatchObject({ status: 'started' });
  });

  test('with queue-one starts after that run ends, and replaces an older queued run', async () => {
    const { deliver, outcome, running, ends, open } = await reportService({ overlap: 'queue-one' });
    await deliver(first);
    expect(await deliver(second)).toEqual({ status: 'queued', run: two });
    expect(await deliver(second)).toEqual({ status: 'queued', run: two });
    expect(await deliver(third)).toEqual({ status: 'skipped', run: three, why: 'overlap' });
    expect(running()).toEqual([one]);
    await ends(one);
    expect(running()).toEqual([one, two]);
    expect(await open()).toEqual([two]);
    expect(await outcome(two)).toBeNull();
    expect(await deliver(second)).toEqual({ status: 'duplicate', run: two });
  });

  test('with allow starts beside that run', async () => {
    const { deliver, running, open } = await reportService({ overlap: 'allow' });
    await deliver(first);
    expect(await deliver(second)).toEqual({ status: 'started', run: two });
    expect([running(), await open()]).toEqual([
      [one, two],
      [one, two],
    ]);
  });

  test('with cancel-previous ends that run, whose process makes no more effects', async () => {
    const { deliver, outcome, all, open, stores } = await reportService({ overlap: 'cancel-previous' });
    await deliver(first);
    const run = await stores.runs.get(one);
    if (!run) throw new Error('there is no run');
    const { all: known, made } = tools();
    const model = scriptedModel(async () => {
      expect(await deliver(second)).toEqual({ status: 'started', run: two });
      return toolCallReply(['pay', { to: 'bob' }]);
    });
    const { result } = await work(stores, run, model, { tools: known });
    expect(result).toMatchObject({ status: 'failed', failure: 'SessionConflict' });
    expect(made.paid).toEqual([]);
    expect(await outcome(one)).toMatchObject({ status: 'failed', failure: 'Superseded' });
    expect(all.get(one)).toMatchObject({ status: 'ABORTED', error: 'Superseded' });
    expect(all.get(two)).toMatchObject({ status: 'running' });
    expect(await open()).toEqual([two]);
  });

  test('with cancel-previous starts after a run with a committed answer, which has succeeded', async () => {
    const { deliver, outcome, open, stores } = await reportService({ overlap: 'cancel-previous' });
    await deliver(first);
    const run = await stores.runs.get(one);
    if (!run) throw new Error('there is no run');
    await work(stores, run, scriptedModel(textReply('All quiet.')), { tools: tools().all });
    expect(await deliver(second)).toEqual({ status: 'started', run: two });
    expect(await outcome(one)).toMatchObject({ status: 'succeeded', attempts: 1, steps: 1 });
    expect(await open()).toEqual([two]);
  });

  test('never ends a newer run', async () => {
    const { deliver, outcome, running, time } = await reportService({ overlap: 'cancel-previous' });
    time.now = new Date(second);
    await deliver(second);
    expect(await deliver(first)).toEqual({ status: 'skipped', run: one, why: 'overlap' });
    expect(await outcome(one)).toMatchObject({ by: two });
    expect(running()).toEqual([two]);
  });

  test('ends a run that its own delivery has yet to record, and that delivery records it as skipped', async () => {
    const { deliver, deps, outcome, all, stores, state } = await reportService({ overlap: 'cancel-previous' });
    let isFirst = true;
    const put: typeof stores.runs.put = async (run) => {
      if (isFirst) {
        isFirst = false;
        expect(await deliver(second)).toMatchObject({ status: 'started' });
      }
      await stores.runs.put(run);
    };
    const slow = { ...deps, stores: { ...stores, runs: { ...stores.runs, put } } };
    expect(await dispatch({ job: 'report', slot: first }, slow)).toEqual({ status: 'duplicate', run: one });
    expect(await outcome(one)).toMatchObject({ status: 'skipped', why: 'overlap', by: two });
    expect([...all.keys()]).toEqual([two]);
    expect((await state()).spent.day.runs).toBe(1);
  });

  test.each(['skip', 'allow'])(
    'that the watchman catches up waits for that run, unless the job has overlap allow (%s)',
    async (overlap) => {
      const { deliver, outcome, ends } = await reportService({ overlap });
      await deliver(first);
      const caughtUp = await deliver(second, { origin: 'watchman' });
      if (overlap === 'allow') return expect(caughtUp).toMatchObject({ status: 'started' });
      expect(caughtUp).toEqual({ status: 'waits', run: two });
      expect(await outcome(two)).toBeUndefined();
      await ends(one);
      return expect(await deliver(second, { origin: 'watchman' })).toMatchObject({ status: 'started' });
    },
  );

  test('that the watchman catches up is next where a later slot overtook it, and that slot is not disturbed', async () => {
    const { deliver, outcome, ends, state } = await reportService({});
    await deliver(second);
    const caughtUp = { origin: 'watchman' } as const;
    expect(await deliver(first, caughtUp)).toEqual({ status: 'queued', run: one });
    expect(await deliver(first, caughtUp)).toEqual({ status: 'queued', run: one });
    expect(await state()).toMatchObject({ queued: one, open: [{ run: two }] });
    await ends(two);
    expect(await state()).toMatchObject({ queued: null, open: [{ run: one }] });
    expect(await outcome(two)).toMatchObject({ status: 'succeeded' });
  });

  test('replaces an older queued run, which is skipped', async () => {
    const { deliver, outcome, declared, state, running, time } = await reportService({ overlap: 'queue-one' });
    await deliver(first);
    await deliver(second);
    declared.job = job({ overlap: 'cancel-previous' });
    time.now = new Date(third);
    expect(await deliver(third)).toEqual({ status: 'started', run: three });
    expect(await outcome(two)).toMatchObject({ status: 'skipped', why: 'overlap', by: three });
    expect(await state()).toMatchObject({ queued: null, open: [{ run: three }] });
    expect(running()).toEqual([three]);
  });

  test('leaves the skip of the queued run that it replaced to the watchman where its delivery dies first', async () => {
    const { deliver, deps, declared, outcome, stores, state, time } = await reportService({ overlap: 'queue-one' });
    await deliver(first);
    await deliver(second);
    declared.job = job({ overlap: 'cancel-previous' });
    time.now = new Date(third);
    const put: typeof stores.runs.put = async (run) => {
      if (run.id === two) throw new Error('killed');
      await stores.runs.put(run);
    };
    const dies = { ...deps, stores: { ...stores, runs: { ...stores.runs, put } } };
    await expect(dispatch({ job: 'report', slot: third }, dies)).rejects.toThrow('killed');
    expect(await outcome(two)).toBeNull();
    await reconcile(declared.job, deps);
    expect(await outcome(two)).toMatchObject({ status: 'skipped', why: 'overlap', by: three });
    expect(await state()).toMatchObject({ queued: three, open: [{ run: one }] });
  });

  test('is not skipped for a run that ended and was not released', async () => {
    const { deliver, ends, deps, stores, open } = await reportService({});
    await deliver(first);
    const dies = { ...stores.states, put: () => Promise.reject(new Error('killed')) };
    const result = { status: 'done', steps: 1, usage };
    const input = SettleInput.parse({ ...firstInput(one), result });
    await expect(settle({ ended: input }, { ...deps, stores: { ...stores, states: dies } })).rejects.toThrow('killed');
    expect(await open()).toEqual([one]);
    expect(await deliver(second)).toEqual({ status: 'started', run: two });
    expect(await open()).toEqual([two]);
    await ends(two);
  });
});

test('a run that ended without its release is released when its slot is delivered again', async () => {
  const { deliver, deps, stores, state } = await reportService({});
  await deliver(first);
  const dies = { ...stores.states, put: () => Promise.reject(new Error('killed')) };
  const input = SettleInput.parse({ ...firstInput(one), result: { status: 'done', steps: 1, usage } });
  await expect(settle({ ended: input }, { ...deps, stores: { ...stores, states: dies } })).rejects.toThrow('killed');
  expect(await deliver(first)).toEqual({ status: 'duplicate', run: one });
  expect(await state()).toMatchObject({ open: [], streak: 1, lastSuccess: first });
});

describe('a run that is open past its lease', () => {
  test.each(['skip', 'queue-one', 'cancel-previous'])(
    'is settled before another run takes its place (%s)',
    async (overlap) => {
      const { deliver, time, declared, outcome, all, stores, open } = await reportService({ overlap });
      await deliver(first);
      time.now = new Date(Date.parse(first) + longestRunSeconds(declared.job) * 1000);
      const late = `${time.now.toJSON().slice(0, 19)}Z`;
      expect(await deliver(late)).toMatchObject({ status: 'started' });
      expect(await outcome(one)).toMatchObject({ status: 'failed', failure: 'ExecutionTimedOut' });
      expect((await stores.attempts.list(one))[0]?.failed).toMatchObject({ failure: 'ExecutionTimedOut' });
      expect(all.get(one)?.status).toBe('ABORTED');
      expect(await open()).toEqual([idOf(late)]);
    },
  );

  test('keeps its lease where its slot is delivered again just before the lease would be removed', async () => {
    const { deliver, time, declared, deps, stores, open, outcome, running } = await reportService({});
    const dies = { ...stores.runs, put: () => Promise.reject(new Error('killed')) };
    const killed = dispatch({ job: 'report', slot: first }, { ...deps, stores: { ...stores, runs: dies } });
    await expect(killed).rejects.toThrow('killed');
    time.now = new Date(Date.parse(first) + longestRunSeconds(declared.job) * 1000);
    const late = `${time.now.toJSON().slice(0, 19)}Z`;
    const get: typeof stores.runs.get = async (id) => {
      const found = await stores.runs.get(id);
      if (id === one && !found) expect(await deliver(first)).toEqual({ status: 'started', run: one });
      return found;
    };
    const slow = { ...deps, stores: { ...stores, runs: { ...stores.runs, get } } };
    expect(await dispatch({ job: 'report', slot: late }, slow)).toMatchObject({ status: 'skipped', why: 'overlap' });
    expect([await open(), running(), await outcome(one)]).toEqual([[one], [one], null]);
  });

  test('is removed where it was never recorded, and its slot may be delivered again', async () => {
    const { deliver, time, declared, deps, stores, open, outcome } = await reportService({});
    const dies = { ...stores.runs, put: () => Promise.reject(new Error('killed')) };
    await expect(
      dispatch({ job: 'report', slot: first }, { ...deps, stores: { ...stores, runs: dies } }),
    ).rejects.toThrow('killed');
    expect(await open()).toEqual([one]);
    time.now = new Date(Date.parse(first) + longestRunSeconds(declared.job) * 1000);
    const late = `${time.now.toJSON().slice(0, 19)}Z`;
    expect(await deliver(late)).toMatchObject({ status: 'started' });
    expect([await open(), await outcome(one)]).toEqual([[idOf(late)], undefined]);
  });
});

test('a queued run that its predecessor failed to start is started by the next delivery of any slot', async () => {
  const { deliver, stores, ends, running, deps } = await reportService({ overlap: 'queue-one' });
  await deliver(first);
  await deliver(second);
  let puts = 0;
  const put: typeof stores.states.put = (state) =>
    ++puts === 2 ? Promise.reject(new Error('killed')) : stores.states.put(state);
  const input = SettleInput.parse({ ...firstInput(one), result: { status: 'done', steps: 1, usage } });
  const dies = { ...deps, stores: { ...stores, states: { ...stores.states, put } } };
  await expect(settle({ ended: input }, dies)).rejects.toThrow('killed');
  expect(running()).toEqual([one]);
  expect(await deliver(third)).toEqual({ status: 'queued', run: three });
  expect(running()).toEqual([one, two]);
  await ends(two);
  expect(running()).toEqual([one, two, three]);
});

test('a damaged run does not delay the slots of its job', async () => {
  const { deliver, stores, time, declared, outcome, state } = await reportService({ overlap: 'queue-one' });
  await deliver(first);
  await deliver(second);
  for (const slot of [first, second])
    await stores.plant({ pk: 'job#report', sk: `run#${slot}`, version: 1, expiresAt: 4e9, data: '{"half":' });
  expect(await deliver(third)).toEqual({ status: 'skipped', run: three, why: 'overlap' });
  time.now = new Date(Date.parse(first) + longestRunSeconds(declared.job) * 1000);
  const late = `${time.now.toJSON().slice(0, 19)}Z`;
  expect(await deliver(late)).toMatchObject({ status: 'started' });
  expect(await state()).toMatchObject({ queued: null, open: [{ run: idOf(late) }] });
  expect(await outcome(idOf(late))).toBeNull();
});
