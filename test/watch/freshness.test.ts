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

describe('a job that is to be fresh by half past eight, in its own time', () => {
  test.each([
    ['before that, whatever happened', '2026-11-22T07:29:59Z', [], false],
    ['with no run at all', '2026-11-22T07:30:00Z', [], true],
    ['with a run that goes on', '2026-11-22T07:30:00Z', [run(slot, null)], true],
    ['with a run that failed', '2026-11-22T07:30:00Z', [run(slot, failed)], true],
    ['with a run over budget', '2026-11-22T07:30:00Z', [run(slot, skipped('budget'))], true],
    ['with a success', '2026-11-22T07:30:00Z', [run(slot, succeeded)], false],
    [
      'with a retry that succeeded',
      '2026-11-22T09:00:00Z',
      [run(slot, failed), run(slot, succeeded, 'retry-1')],
      false,
    ],
    ['with yesterday’s success', '2026-11-22T07:30:00Z', [run('2026-11-21T06:00:00Z', succeeded)], true],
    ['that a person has paused', '2026-11-22T07:30:00Z', [run(slot, skipped('paused'))], false],
    ['on a day that is excluded', '2026-12-25T10:00:00Z', [], false],
    ['after midnight, when the day is another', '2026-11-22T23:30:00Z', [], false],
  ])('%s', (_, at, runs, expected) => {
    expect(stale(at, runs)).toBe(expected);
  });

  test('is never stale where it is disabled, or promises nothing', () => {
    expect(stale('2026-11-22T10:00:00Z', [], daily({ enabled: false }))).toBe(false);
    expect(stale('2026-11-22T10:00:00Z', [], daily({ freshBy: undefined }))).toBe(false);
  });

  test('is not held to a slot that comes after that time', () => {
    expect(stale('2026-11-22T10:00:00Z', [], daily({ schedule: { cron: '0 9 * * ? *' } }))).toBe(false);
  });
});
