import { describe, expect, it } from 'vitest';
import { storedPastRuns } from '../../../lib/io/store/past-runs.ts';
import type { Stores } from '../../../lib/io/store/stores.ts';
import type { Outcome } from '../../../lib/run/outcome.ts';
import { type Run, runId } from '../../../lib/run/run.ts';
import { sessionKey } from '../../../lib/run/session.ts';
import { noUsage } from '../../../lib/usage.ts';
import { memoryStores } from '../../kit/memory-stores.ts';
import { runOf, stepOf, today } from '../../kit/stored.ts';

const now = () => today;
const ended = { usage: noUsage, endedAt: today.toJSON() };
const succeeded = (attempts = 1): Outcome => ({ status: 'succeeded', attempts, steps: 1, ...ended });
const failed: Outcome = { status: 'failed', failure: 'Crash', message: 'no luck', attempts: 1, ...ended };

const put = async (stores: Stores, job: string, slot: string, more: Partial<Run> = {}): Promise<Run> => {
  const run = { ...runOf(job, { slot }), ...more };
  await stores.runs.put(run);
  return run;
};
const say = (stores: Stores, id: string, attempt: number, text: string) =>
  stores.sessions.append(sessionKey(id, attempt), {
    ...stepOf(1),
    messages: [{ role: 'assistant', content: [{ type: 'text', text }] }],
    calls: [],
  });
const slotsOf = (runs: Run[]) => runs.map(({ job, slot }) => `${job.name} ${slot.slice(5, 13)}`);

describe('the past runs', () => {
  const stored = async () => {
    const stores = memoryStores();
    for (const slot of ['2026-11-20T06:59:59Z', '2026-11-20T07:00:00Z', '2026-11-21T07:00:00Z', '2026-11-22T06:00:00Z'])
      await put(stores, 'night', slot);
    await put(stores, 'day', '2026-11-21T09:00:00Z');
    return storedPastRuns(stores, now);
  };

  it('of one job are its runs of the last days, to the second, the newest first', async () => {
    const past = await stored();
    expect(slotsOf(await past.runs({ job: 'night', days: 2, limit: 9 }))).toEqual([
      'night 11-22T06',
      'night 11-21T07',
      'night 11-20T07',
    ]);
    expect(slotsOf(await past.runs({ job: 'night', days: 2, limit: 1 }))).toEqual(['night 11-22T06']);
    expect(await past.runs({ job: 'dawn', days: 2, limit: 9 })).toEqual([]);
  });

  it('of all jobs are those of the last days, to the second, the newest first', async () => {
    const past = await stored();
    const two = ['night 11-22T06', 'day 11-21T09', 'night 11-21T07', 'night 11-20T07'];
    expect(slotsOf(await past.runs({ days: 2, limit: 9 }))).toEqual(two);
    expect(slotsOf(await past.runs({ days: 2, limit: 2 }))).toEqual(two.slice(0, 2));
    expect(slotsOf(await past.runs({ days: 1, limit: 9 }))).toEqual(two.slice(0, 3));
  });

  it('give the result before one that is forgotten, until it is remembered', async () => {
    const stores = memoryStores();
    const [old, poisoned] = ['2026-11-20T07:00:00Z', '2026-11-21T07:00:00Z'];
    const past = storedPastRuns(stores, now);
    const previous = async () =>
      (await past.previousResult({ job: 'night', before: '2026-11-22T07:00:00Z' }))?.run.slot;
    for (const slot of [old, poisoned]) {
      const { id } = await put(stores, 'night', slot, { outcome: succeeded() });
      await say(stores, id, 1, 'All is well.');
    }
    expect(await previous()).toBe(poisoned);
    const run = { ...runOf('night', { slot: poisoned }), outcome: succeeded() };
    await stores.runs.put({ ...run, forgotten: { at: today.toJSON(), by: 'ana' }, version: 2 });
    expect(await previous()).toBe(old);
    await stores.runs.put({ ...run, version: 3 });
    expect(await previous()).toBe(poisoned);
  });

  it('of all jobs are read a day at a time, and no day more than the limit needs', async () => {
    const stores = memoryStores();
    await put(stores, 'night', '2026-11-22T06:00:00Z');
    const read: string[] = [];
    const byDay: Stores['runs']['byDay'] = (day) => {
      read.push(day);
      return stores.runs.byDay(day);
    };
    const past = storedPastRuns({ ...stores, runs: { ...stores.runs, byDay } }, now);
    expect(await past.runs({ days: 90, limit: 1 })).toHaveLength(1);
    expect(read).toEqual(['2026-11-22']);
    await past.runs({ days: 2, limit: 2 });
    expect(read.slice(1)).toEqual(['2026-11-22', '2026-11-21', '2026-11-20']);
  });
});

describe('the previous result', () => {
  const before = '2026-11-22T07:00:00Z';
  const earlier = '2026-11-21T07:00:00Z';

  it('is the answer of the attempt that succeeded, with its run', async () => {
    const stores = memoryStores();
    const run = await put(stores, 'night', earlier, { outcome: succeeded(2) });
    await say(stores, run.id, 1, 'A first try.');
    await say(stores, run.id, 2, 'Two ferries.');
    expect(await storedPastRuns(stores, now).previousResult({ job: 'night', before })).toEqual({
      run,
      result: 'Two ferries.',
    });
  });

  it('is the last one before the slot: neither that of the slot itself, nor an older, nor a failed one', async () => {
    const stores = memoryStores();
    for (const [slot, outcome] of [
      ['2026-11-20T07:00:00Z', succeeded()],
      [earlier, succeeded()],
      ['2026-11-21T08:00:00Z', failed],
      ['2026-11-21T09:00:00Z', null],
      [before, succeeded()],
      ['2026-11-22T08:00:00Z', succeeded()],
    ] as const) {
      const run = await put(stores, 'night', slot, { outcome });
      await say(stores, run.id, 1, slot);
    }
    const past = storedPastRuns(stores, now);
    expect(await past.previousResult({ job: 'night', before })).toMatchObject({ result: earlier });
    const first = '2026-11-20T07:00:00Z';
    expect(await past.previousResult({ job: 'night', before: first })).toBeUndefined();
    expect(await past.previousResult({ job: 'day', before })).toBeUndefined();
  });

  it('is skipped where the session of a success is gone', async () => {
    const stores = memoryStores();
    const old = await put(stores, 'night', '2026-11-20T07:00:00Z', { outcome: succeeded() });
    await say(stores, old.id, 1, 'Still here.');
    await put(stores, 'night', earlier, { outcome: succeeded() });
    expect(await storedPastRuns(stores, now).previousResult({ job: 'night', before })).toMatchObject({
      run: { id: old.id },
      result: 'Still here.',
    });
  });

  it('of a typed job is its value, and the text where it does not fit the type', async () => {
    const result = { type: 'object', required: ['n'] };
    for (const [text, found] of [
      ['{"n": 2}', { n: 2 }],
      ['{"m": 2}', '{"m": 2}'],
      ['not JSON', 'not JSON'],
    ]) {
      const stores = memoryStores();
      const { job } = runOf('night');
      const run = await put(stores, 'night', earlier, { job: { ...job, result }, outcome: succeeded() });
      await say(stores, run.id, 1, String(text));
      expect((await storedPastRuns(stores, now).previousResult({ job: 'night', before }))?.result).toEqual(found);
    }
  });

  it('is searched in the last 200 runs of the job, however many there are', async () => {
    const stores = memoryStores();
    const slotOf = (back: number) => new Date(Date.parse(before) - back * 60_000).toJSON().replace('.000', '');
    const at = (back: number) => runId({ job: 'night', slot: slotOf(back) });
    for (let back = 1; back <= 200; back++)
      await put(stores, 'night', slotOf(back), { outcome: back < 200 ? failed : succeeded() });
    await say(stores, at(200), 1, 'Found.');
    const past = storedPastRuns(stores, now);
    expect(await past.previousResult({ job: 'night', before })).toMatchObject({ result: 'Found.' });
    await put(stores, 'night', before, { outcome: failed });
    expect(await past.previousResult({ job: 'night', before })).toBeUndefined();
  });
});
