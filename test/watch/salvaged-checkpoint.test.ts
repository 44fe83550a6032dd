import { describe, expect, it } from 'vitest';
import type { Run } from '../../lib/run/run.ts';
import { salvagedCheckpoint } from '../../lib/watch/salvaged-checkpoint.ts';
import { job } from '../kit/job.ts';
import { checkpointOf, runOf, today } from '../kit/stored.ts';

const salvage = (damaged: unknown, runs: Run[] = []) =>
  salvagedCheckpoint(damaged, { job: job(), runs, now: today, version: 5 });

describe('a checkpoint in place of a damaged one', () => {
  it('keeps every field that can be read', () => {
    const whole = checkpointOf('report', 4);
    const { checkpoint, lost } = salvage({ ...whole, anchor: 'then' });
    expect(checkpoint).toEqual({ ...whole, anchor: { at: '2026-11-22T06:00:00Z', confirmed: false }, version: 5 });
    expect(lost).toEqual(['anchor']);
  });

  it('looks again at seven days, not before the first run, and counts from a slot that fired', () => {
    const fired = { ...runOf('report', { slot: '2026-11-22T05:00:00Z' }), origin: 'schedule' as const };
    const old = runOf('report', { slot: '2026-10-01T05:00:00Z' });
    expect(salvage({}, [fired, old]).checkpoint).toMatchObject({
      accountedUpTo: '2026-11-15T07:00:00Z',
      anchor: { at: '2026-11-22T05:00:00Z', confirmed: true },
      schedule: fired.job.schedule,
    });
    expect(salvage({}, [fired]).checkpoint.accountedUpTo).toBe('2026-11-22T05:00:00Z');
  });

  it('looks again at an hour of a job without runs', () => {
    expect(salvage(null).checkpoint).toMatchObject({ accountedUpTo: '2026-11-22T06:00:00Z', schedule: job().schedule });
  });
});
