import { describe, expect, test } from 'vitest';
import { changeState } from '../../lib/policy/job-state.ts';
import { dropLostLeases, reconcile } from '../../lib/watch/reconcile.ts';
import { job } from '../kit/job.ts';
import { outcomeLines, service } from '../kit/watch.ts';

const seven = '2026-11-22T07:00:00Z';
const id = 'report_20261122T070000Z';
const report = job({ schedule: { cron: '0 * * * ? *' } });

/** A job whose run of seven o'clock was started at this time. */
const started = async (instant: string) => {
  const one = await service(report, seven);
  await one.deliver(seven);
  one.at(instant);
  const open = async () => (await one.stores.states.get('report'))?.open.map(({ run }) => run);
  return { ...one, open };
};

describe('an open run', () => {
  test('is left alone while its execution is running', async () => {
    const { deps, open } = await started('2026-11-22T07:05:00Z');
    expect(await reconcile(report, deps)).toEqual([]);
    expect(await open()).toEqual([id]);
  });

  test.each(['FAILED', 'TIMED_OUT', 'ABORTED', 'SUCCEEDED'] as const)(
    'is settled and releases its lease when its execution ended as %s',
    async (status) => {
      const { deps, open, world, runs } = await started('2026-11-22T07:05:00Z');
      world.executions.set(id, status);
      expect(await reconcile(report, deps)).toEqual([{ run: id, was: 'dead' }]);
      expect(outcomeLines(await runs())).toEqual([`${seven} failed`]);
      expect(await open()).toEqual([]);
    },
  );

  test('without an execution is started, once its dispatch can no longer do so', async () => {
    const { at, deps, world } = await started('2026-11-22T07:02:59Z');
    world.executions.clear();
    expect(await reconcile(report, deps)).toEqual([]);
    at('2026-11-22T07:03:00Z');
    expect(await reconcile(report, deps)).toEqual([{ run: id, was: 'idle' }]);
    expect(world.executions.get(id)).toBe('running');
  });

  test('past its lease is settled as stuck, and its execution is stopped', async () => {
    const { deps, open, runs, world } = await started('2026-11-24T07:00:00Z');
    expect(await reconcile(report, deps)).toEqual([{ run: id, was: 'stuck' }]);
    expect(outcomeLines(await runs())).toEqual([`${seven} failed`]);
    expect([await open(), world.stopped]).toEqual([[], [id]]);
  });
});

describe('a lease without a run', () => {
  test('is reported as lost, and removed only while its run is still unrecorded', async () => {
    const { deps, open, stores } = await started('2026-11-22T07:05:00Z');
    const other = 'report_20261122T060000Z';
    await changeState(
      'report',
      ({ open }) => ({ open: open.flatMap((lease) => [lease, { ...lease, run: other }]) }),
      stores.states,
    );
    const repairs = await reconcile(report, deps);
    expect(repairs).toEqual([{ run: other, was: 'lost' }]);
    expect(await open()).toEqual([id, other]);
    await dropLostLeases([{ run: id, was: 'lost' }, ...repairs], 'report', deps);
    expect(await open()).toEqual([id]);
  });
});
