import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../lib/run/outcome.ts';
import { type Run, runId } from '../../lib/run/run.ts';
import { dueBetween } from '../../lib/schedule/calendar.ts';
import { noUsage } from '../../lib/usage.ts';
import { isStale } from '../../lib/watch/freshness.ts';
import { job } from '../kit/job.ts';

const daily = (more: Record<string, unknown> = {}) =>
  job({
    schedule: { cron: '0 7 * * ? *', timezone: 'Europe/Amsterdam', exclude: ['2026-12-25'] },
    freshBy: '08:30',
    ...more,
  });

const ended = { usage: noUsage, endedAt: '' };
const succeeded: Outcome = { status: 'succeeded', attempts: 1, steps: 1, ...ended };
const failed: Outcome = { status: 'failed', failure: 'Unauthorized', message: '', attempts: 1, ...ended };
const skipped = (why: 'paused' | 'budget'): Outcome => ({ status: 'skipped', why, ...ended });

const run = (slot: string, outcome: Outcome | null, suffix?: string): Run => ({
  id: runId({ job: 'report', slot, suffix }),
  slot,
  job: daily(),
  startedAt: slot,
  outcome,
  version: 1,
});

const stale = (at: string, runs: Run[], declared = daily()): boolean => {
  const now = new Date(at);
  const due = dueBetween(declared.schedule, new Date(now.getTime() - 86_400_000), now, { anchor: now });
  return isStale(declared, due, runs, now);
};

const slot = '2026-11-22T06:00:00Z';

describe('a job with freshBy 08:30 in its own time zone', () => {
  test.each([
    ['is not stale before 08:30, without any run', '2026-11-22T07:29:59Z', [], false],
    ['is stale without a run', '2026-11-22T07:30:00Z', [], true],
    ['is stale while its run is open', '2026-11-22T07:30:00Z', [run(slot, null)], true],
    ['is stale after a failed run', '2026-11-22T07:30:00Z', [run(slot, failed)], true],
    ['is stale after a run skipped for its budget', '2026-11-22T07:30:00Z', [run(slot, skipped('budget'))], true],
    ['is fresh after a success', '2026-11-22T07:30:00Z', [run(slot, succeeded)], false],
    [
      'is fresh after a retry that succeeded',
      '2026-11-22T09:00:00Z',
      [run(slot, failed), run(slot, succeeded, 'retry-1')],
      false,
    ],
    [
      'is stale with only the success of yesterday',
      '2026-11-22T07:30:00Z',
      [run('2026-11-21T06:00:00Z', succeeded)],
      true,
    ],
    ['is not stale while a person has paused it', '2026-11-22T07:30:00Z', [run(slot, skipped('paused'))], false],
    ['is not stale on an excluded date', '2026-12-25T10:00:00Z', [], false],
    ['is not stale after midnight, on the next day', '2026-11-22T23:30:00Z', [], false],
  ])('%s', (_, at, runs, expected) => {
    expect(stale(at, runs)).toBe(expected);
  });

  test('is never stale while it is disabled, nor without freshBy', () => {
    expect(stale('2026-11-22T10:00:00Z', [], daily({ enabled: false }))).toBe(false);
    expect(stale('2026-11-22T10:00:00Z', [], daily({ freshBy: undefined }))).toBe(false);
  });

  test('is not stale for want of a slot after 08:30', () => {
    expect(stale('2026-11-22T10:00:00Z', [], daily({ schedule: { cron: '0 9 * * ? *' } }))).toBe(false);
  });
});
