import { describe, expect, it } from 'vitest';
import { Failure } from '../../lib/failure.ts';
import { changeState } from '../../lib/policy/job-state.ts';
import { jobStatus } from '../../lib/report/job-status.ts';
import type { Outcome } from '../../lib/run/outcome.ts';
import type { Checkpoint } from '../../lib/watch/checkpoint.ts';
import { failed, runOf, skip, succeeded } from '../kit/explained.ts';
import { job } from '../kit/job.ts';
import { memoryStores } from '../kit/memory-stores.ts';
import { checkpointOf } from '../kit/stored.ts';

const now = new Date('2026-11-22T08:30:00Z');
const seven = '2026-11-22T07:00:00Z';
const eight = '2026-11-22T08:00:00Z';
const nine = '2026-11-22T09:00:00Z';
const hourly = (fields: Record<string, unknown> = {}) => job({ schedule: { cron: '0 * * * ? *' }, ...fields });

/** The status of a job with these runs and this checkpoint. */
const statusOf = async (declared = hourly(), ends: [string, Outcome | null][] = [], look?: Partial<Checkpoint>) => {
  const stores = memoryStores();
  for (const [slot, outcome] of ends) await stores.runs.put(runOf(declared, slot, outcome));
  if (look) await stores.checkpoints.put({ ...checkpointOf('report'), schedule: declared.schedule, ...look });
  return { stores, status: await jobStatus(declared, now, stores) };
};

describe('the status of a job', () => {
  it('has its schedule and null for unknown facts when nothing is stored', async () => {
    const declared = hourly({ description: 'Counts.', freshBy: '08:00' });
    for (const stores of [undefined, memoryStores()])
      expect(await jobStatus(declared, now, stores)).toMatchObject({
        ...{ job: 'report', description: 'Counts.', enabled: true, english: 'Every hour', timezone: 'UTC' },
        ...{ expression: 'cron(0 * * * ? *)', next: nine, last: null, lastSuccess: null, streak: 0, paused: null },
        ...{ breaker: null, open: [], queued: null, fresh: null, driftSince: null, lookedTo: null },
        month: { of: '2026-11', usd: 0, unpriced: false, runs: 0, limit: null },
      });
  });

  it('says which item cannot be read, and has what its file tells', async () => {
    const { stores } = await statusOf();
    const get = () => Promise.reject(new Failure('DamagedItem', 'item job#report look: data is not JSON'));
    const broken = { ...stores, checkpoints: { ...stores.checkpoints, get } };
    expect(await jobStatus(hourly(), now, broken)).toMatchObject({
      job: 'report',
      next: nine,
      last: null,
      damaged: 'item job#report look: data is not JSON',
    });
    const gone = {
      ...broken,
      checkpoints: { ...broken.checkpoints, get: () => Promise.reject(new Failure('TableMissing', 'x')) },
    };
    await expect(jobStatus(hourly(), now, gone)).rejects.toMatchObject({ name: 'TableMissing' });
  });

  it('has no next slot when the job is disabled or the anchor of its rate is unknown', async () => {
    expect((await statusOf(hourly({ enabled: false }))).status.next).toBeNull();
    const rate = job();
    expect((await statusOf(rate)).status.next).toBeNull();
    const anchor = { at: seven, confirmed: true };
    expect((await statusOf(rate, [], { anchor })).status.next).toBe(nine);
  });

  it('has the last ended run, with the reason when it did not succeed', async () => {
    const last = async (outcome: Outcome) =>
      (
        await statusOf(hourly(), [
          [seven, outcome],
          [eight, null],
        ])
      ).status.last;
    const run = 'report_20261122T070000Z';
    expect(await last(succeeded(seven))).toMatchObject({ run, slot: seven, status: 'succeeded', why: null });
    expect(await last(failed(seven))).toMatchObject({ status: 'failed', failure: 'ModelUnavailable', why: null });
    expect(await last(skip(seven, { why: 'overlap' }))).toMatchObject({ status: 'skipped', why: 'overlap' });
  });

  it('has the cost of the local month with its limit, and null for an unknown cost', async () => {
    const { stores } = await statusOf();
    const spent = { day: { of: '2026-11-22', usd: 2, runs: 3 }, month: { of: '2026-11', usd: 5, runs: 9 } };
    await changeState('report', () => ({ spent }), stores.states);
    const limited = hourly({ limits: { perMonth: { usd: 7 } } });
    expect((await jobStatus(limited, now, stores)).month).toEqual({
      ...{ of: '2026-11', usd: 5, unpriced: false, runs: 9 },
      limit: { usd: 7 },
    });
    const december = new Date('2026-12-01T00:00:00Z');
    expect((await jobStatus(limited, december, stores)).month).toMatchObject({ of: '2026-12', usd: 0, runs: 0 });
    const unpriced = (await statusOf(hourly(), [[seven, succeeded(seven, null)]])).status.month;
    expect(unpriced).toMatchObject({ usd: null, unpriced: true });
  });

  it('is fresh when a run of the day succeeded in time, once the watchman has checked', async () => {
    const promising = hourly({ freshBy: '07:30' });
    const anchor = { at: '2026-11-20T00:00:00Z', confirmed: true };
    const fresh = async (...args: Parameters<typeof statusOf>) => (await statusOf(...args)).status.fresh;
    expect(await fresh(promising, [[seven, succeeded(seven)]], { anchor })).toBe(true);
    expect(await fresh(promising, [[seven, failed(seven)]], { anchor })).toBe(false);
    expect(await fresh(promising, [[seven, succeeded(seven)]])).toBeNull();
    expect(await fresh(hourly(), [[seven, succeeded(seven)]], { anchor })).toBeNull();
  });

  it('has the reasons that hold back the next slot: pause, breaker, open and queued runs', async () => {
    const { stores } = await statusOf();
    const pause = { by: 'ana', since: seven, until: null, note: '' };
    const over = { ...pause, until: eight };
    const breaker = { since: seven, until: nine, delaySeconds: 900, probe: null };
    const lease = { run: 'report_a', from: seven, until: nine, holds: true, after: null };
    const state = { pauses: [over, pause], breaker, open: [lease], queued: 'report_b', streak: -3, lastSuccess: seven };
    await changeState('report', () => state, stores.states);
    expect(await jobStatus(hourly(), now, stores)).toMatchObject({
      ...{ paused: pause, breaker, open: ['report_a'], queued: 'report_b', streak: -3, lastSuccess: seven },
    });
    await changeState('report', () => ({ pauses: [over] }), stores.states);
    expect((await jobStatus(hourly(), now, stores)).paused).toBeNull();
  });

  it('has the time since which the deployed schedule differs, and the slots that the watchman accounted for', async () => {
    const { status } = await statusOf(hourly(), [], { driftSince: seven, accountedUpTo: eight });
    expect(status).toMatchObject({ driftSince: seven, lookedTo: eight });
  });
});
