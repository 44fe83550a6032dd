import { describe, expect, test } from 'vitest';
import type { Stores } from '../../lib/io/store/stores.ts';
import { type DispatchDeps, dispatch } from '../../lib/lifecycle/dispatch.ts';
import { release } from '../../lib/lifecycle/release.ts';
import { SettleInput, settle } from '../../lib/lifecycle/settle.ts';
import { firstInput } from '../../lib/run/execution.ts';
import { usage } from '../kit/agent.ts';
import { job } from '../kit/job.ts';
import { memoryStores } from '../kit/memory-stores.ts';
import { silent } from '../kit/observer.ts';
import { idOf, ids, slots } from '../kit/report-slots.ts';
import { stateMachine } from '../kit/state-machine.ts';

const [first, second] = slots;
const [one, two] = ids;
const killed = new Error('killed');

/** Kills the process at its `at`-th call, before or after the call takes effect. */
type Death = { at: number; when: 'before' | 'after' };

const mortal = (stores: Stores, { at, when }: Death) => {
  const count = { made: 0 };
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    const dies = ++count.made === at;
    if (dies && when === 'before') throw killed;
    const done = await work();
    if (dies) throw killed;
    return done;
  };
  const { runs, states, attempts } = stores;
  const own: Stores = {
    ...stores,
    runs: { ...runs, get: (id) => call(() => runs.get(id)), put: (run) => call(() => runs.put(run)) },
    states: { get: (name) => call(() => states.get(name)), put: (state) => call(() => states.put(state)) },
    attempts: { ...attempts, list: (id) => call(() => attempts.list(id)), put: (one) => call(() => attempts.put(one)) },
  };
  return { stores: own, call, count };
};

/** Plays two overlapping slots to their ends. A killed call is repeated at once or, if `isLate`, after everything else. */
const story = async (overlap: string, death: Death, isLate: boolean) => {
  const real = memoryStores();
  const { stores, call, count } = mortal(real, death);
  const { executions, all } = stateMachine((name) => call(async () => void name));
  const declared = job({ overlap });
  const now = { at: new Date(first) };
  const deps: DispatchDeps = {
    stores,
    executions,
    jobs: async () => declared,
    now: () => now.at,
    observer: silent,
  };
  const again: (() => Promise<unknown>)[] = [];
  const done = async (work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (thrown) {
      if (thrown !== killed) throw thrown;
      if (isLate) again.push(work);
      else await work();
    }
  };
  const deliver = (slot: string) => {
    if (slot > first) now.at = new Date(slot);
    return done(() => dispatch({ job: 'report', slot }, deps));
  };
  const result = { status: 'done', steps: 1, usage };
  const ends = async (run: string) => {
    if (all.get(run)?.status !== 'running') return;
    await done(() => settle({ ended: SettleInput.parse({ ...firstInput(run), result }) }, deps));
  };
  await deliver(first);
  await deliver(second);
  await ends(one);
  await ends(two);
  for (const work of again.splice(0)) await done(work);
  for (const work of again.splice(0)) await work();
  for (const id of ids) await ends(id);
  for (const slot of [first, second]) await done(() => dispatch({ job: 'report', slot }, deps));
  for (const work of again.splice(0)) await work();
  for (const id of ids) await ends(id);
  for (const work of again.splice(0)) await work();
  return {
    calls: count.made,
    state: await real.states.get('report'),
    runs: await real.runs.byJob('report', { limit: 9 }),
    all,
    deps,
  };
};

const never: Death = { at: 0, when: 'before' };

describe.each(['skip', 'queue-one', 'allow', 'cancel-previous'])(
  'a function killed at any call, with overlap %s,',
  (overlap) => {
    test.each([
      ['at once', false],
      ['at the end', true],
    ])('and called again %s, releases every run exactly once', async (_name, isLate) => {
      const { calls } = await story(overlap, never, isLate);
      expect(calls).toBeGreaterThan(15);
      for (let at = 1; at <= calls; at++) {
        for (const when of ['before', 'after'] as const) {
          const { state, runs, all } = await story(overlap, { at, when }, isLate);
          const where = `killed ${when} call ${at}`;
          const made = runs.filter(({ outcome }) => outcome && 'attempts' in outcome);
          const usd = runs.reduce((sum, { outcome }) => sum + (outcome?.usage.usd ?? 0), 0);
          const good = runs.filter(({ outcome }) => outcome?.status === 'succeeded');
          expect(
            runs.map(({ id, outcome }) => [id, outcome === null]),
            where,
          ).toEqual([
            [two, false],
            [one, false],
          ]);
          const begun = made.filter(({ id, outcome }) => all.has(id) || outcome?.status === 'succeeded');
          expect([...all.keys()].sort(), where).toEqual(begun.map(({ id }) => id).sort());
          expect(state, where).toMatchObject({
            open: [],
            queued: null,
            streak: good.length,
            spent: { day: { usd: expect.closeTo(usd), runs: made.length } },
            lastSuccess: good[0]?.slot,
          });
        }
      }
    });
  },
);

test('a second release of a run changes nothing', async () => {
  const { state, deps, runs } = await story('skip', never, false);
  const run = runs.find(({ id }) => id === one);
  if (!run?.outcome) throw new Error('it has not ended');
  await release({ ...run, outcome: run.outcome }, deps);
  expect(await deps.stores.states.get('report')).toEqual(state);
});

test('the release of a run of unknown cost adds a run and no cost to the budget', async () => {
  const stores = memoryStores();
  const { executions } = stateMachine();
  const around = { stores, executions, now: () => new Date(first), observer: silent };
  const deps: DispatchDeps = { ...around, jobs: async () => job() };
  await dispatch({ job: 'report', slot: first }, deps);
  const result = { status: 'done', steps: 1, usage: { ...usage, usd: null } };
  await settle({ ended: SettleInput.parse({ ...firstInput(idOf(first)), result }) }, deps);
  expect((await stores.states.get('report'))?.spent.day).toEqual({ of: '2026-11-22', usd: 0, runs: 1 });
});
