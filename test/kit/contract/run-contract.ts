import { expect, test } from 'vitest';
import { freshJob, rangeOf, runOf } from '../stored.ts';
import type { Bench } from './store-bench.ts';

const slots = ['2026-11-20T07:00:00Z', '2026-11-21T07:00:00Z', '2026-11-22T07:00:00Z', '2026-11-23T07:00:00Z'];
const [first = '', second = '', third = '', fourth = ''] = slots;

/** The contract of the lists of Runs. */
export const listsContract = (bench: () => Bench) => {
  /** The run of each slot, and manual runs for the second and the third. */
  const recorded = async () => {
    const job = freshJob();
    const all = [
      ...slots.map((slot) => runOf(job, { slot })),
      runOf(job, { slot: second, suffix: 'b' }),
      runOf(job, { slot: third, suffix: 'zzzzzzzzzzzzzzzzzzzz' }),
      runOf(job, { slot: third, suffix: '0' }),
    ];
    const { runs } = bench().stores;
    await Promise.all(all.map((run) => runs.put(run)));
    await runs.put(runOf(`${job}x`, { slot: second }));
    const list = async (query: { from?: string; to?: string; limit?: number }) =>
      (await runs.byJob(job, { limit: 100, ...query })).map(({ slot, suffix }) => [slot, suffix ?? '']);
    return { job, list };
  };

  test('hold the runs of one job, newest slot first', async () => {
    const { list } = await recorded();
    const found = await list({});
    expect(found).toHaveLength(7);
    expect(found.map(([slot]) => slot)).toEqual([fourth, third, third, third, second, second, first]);
  });

  test('of summaries hold the same runs without their jobs, from either end', async () => {
    const { job, list } = await recorded();
    const { runs } = bench().stores;
    const found = await runs.summaries(job, { from: second, limit: 100 });
    expect(found.map(({ slot, suffix }) => [slot, suffix ?? ''])).toEqual(await list({ from: second }));
    expect(found.some((one) => 'job' in one)).toBe(false);
    const oldest = await runs.summaries(job, { limit: 2, oldestFirst: true });
    expect(oldest.map(({ slot }) => slot)).toEqual([first, second]);
    expect(await runs.summaries(job, { from: third, to: first, limit: 5 })).toEqual([]);
  });

  test('of closed ranges hold those that begin at or before a slot, latest first', async () => {
    const { ranges } = bench().stores;
    const job = freshJob();
    for (const from of [first, third, second]) await ranges.put(rangeOf(job, { from, to: fourth }));
    await ranges.put(rangeOf(`${job}x`, { from: first }));
    const list = async (query: { to: string; limit: number }) =>
      (await ranges.byJob(job, query)).map(({ from }) => from);
    expect(await list({ to: second, limit: 9 })).toEqual([second, first]);
    expect(await list({ to: fourth, limit: 2 })).toEqual([third, second]);
  });

  test('between two slots hold all runs of both slots', async () => {
    const { list } = await recorded();
    const at = (slot: string) => list({ from: slot, to: slot });
    expect(new Set((await at(third)).map(([, suffix]) => suffix))).toEqual(new Set(['', '0', 'zzzzzzzzzzzzzzzzzzzz']));
    expect(await at(first)).toEqual([[first, '']]);
    expect((await list({ from: second, to: third })).map(([slot]) => slot)).toEqual([
      third,
      third,
      third,
      second,
      second,
    ]);
    expect((await list({ from: third })).map(([slot]) => slot)).toEqual([fourth, third, third, third]);
    expect((await list({ to: second })).map(([slot]) => slot)).toEqual([second, second, first]);
    expect(await list({ from: '2026-11-21T07:00:01Z', to: '2026-11-22T06:59:59Z' })).toEqual([]);
  });

  test('from a slot to an earlier one are empty', async () => {
    const { list } = await recorded();
    expect(await list({ from: third, to: second })).toEqual([]);
  });

  test('hold the newest runs up to the limit', async () => {
    const { list } = await recorded();
    expect((await list({ limit: 1 })).map(([slot]) => slot)).toEqual([fourth]);
    expect(await list({ limit: 3 })).toEqual((await list({})).slice(0, 3));
    expect(await list({ limit: Number.POSITIVE_INFINITY })).toHaveLength(7);
  });

  test('fill the limit when newer runs have expired', async () => {
    const { job, list } = await recorded();
    const { item, plant } = bench();
    for (const slot of [fourth, third]) {
      const stored = await item({ pk: `job#${job}`, sk: `run#${slot}` });
      await plant({ ...stored, expiresAt: 1 });
    }
    expect(await list({ limit: 4 })).toHaveLength(4);
    expect(await list({})).toHaveLength(5);
  });

  test('hold all two hundred runs of a day, newest first, from all shards of the index', async () => {
    const { stores, tap } = bench();
    const day = '2027-03-04';
    const before = tap.sent.length;
    const all = Array.from({ length: 200 }, (_, at) => {
      const minute = String(at % 60).padStart(2, '0');
      const hour = String(Math.floor(at / 60)).padStart(2, '0');
      return runOf(freshJob(), { slot: `${day}T${hour}:${minute}:00Z`, ...(at % 7 === 0 ? { suffix: 'm' } : {}) });
    });
    const near = [
      runOf(freshJob(), { slot: '2027-03-03T23:59:59Z' }),
      runOf(freshJob(), { slot: '2027-03-05T00:00:00Z' }),
    ];
    await Promise.all([...all, ...near].map((run) => stores.runs.put(run)));
    const found = await stores.runs.byDay(day);
    expect(new Set(found.map(({ id }) => id))).toEqual(new Set(all.map(({ id }) => id)));
    expect(found).toHaveLength(200);
    expect(found.map(({ slot }) => slot)).toEqual(all.map(({ slot }) => slot).toReversed());
    const items = tap.sent.slice(before).flatMap(({ action, input }) => (action === 'PutItem' ? [input.Item] : []));
    expect(new Set(items.map((item) => JSON.stringify((item as { day: unknown }).day))).size).toBeGreaterThan(14);
  });

  test('keep a run on its day after it has ended', async () => {
    const { runs } = bench().stores;
    const run = runOf(freshJob(), { slot: '2027-05-06T07:00:00Z' });
    await runs.put(run);
    await runs.put({ ...run, version: 2 });
    expect(await runs.byDay('2027-05-06')).toEqual([{ ...run, version: 2 }]);
    expect(await runs.byDay('2027-05-07')).toEqual([]);
  });
};
