import { describe, expect, test } from 'vitest';
import { admission, refusal } from '../../lib/policy/admission.ts';
import { freshState, type JobState } from '../../lib/policy/job-state.ts';
import { type Run, runId } from '../../lib/run/run.ts';
import { slotAt } from '../../lib/schedule/slot.ts';
import { job } from '../kit/job.ts';

const now = new Date('2026-11-22T07:00:05Z');
const hours = (count: number) => slotAt(new Date(Date.parse('2026-11-22T07:00:00Z') - count * 3_600_000));
const runAt = (slot: string, fields: Record<string, unknown> = {}, more: Partial<Run> = {}): Run => ({
  id: runId({ job: 'report', slot, suffix: more.suffix }),
  slot,
  job: job(fields),
  startedAt: now.toJSON(),
  outcome: null,
  version: 1,
  ...more,
});
const state = (more: Partial<JobState> = {}): JobState => ({ ...freshState('report'), ...more });
const pause = { by: 'ana', since: hours(40), until: null, note: '' };
const broken = { since: hours(1), until: hours(-1), delaySeconds: 7200, probe: null };
const spent = { day: { of: '2026-11-22', usd: 0, runs: 1 }, month: { of: '2026-11', usd: 0, runs: 1 } };
const limits = { perDay: { runs: 1 } };
const excluded = { schedule: { cron: '0 * * * ? *', timezone: 'UTC', exclude: ['2026-11-22'] } };

describe('a slot is refused', () => {
  test.each([
    ['where the job file disables it, before all else', { enabled: false, limits }, { pauses: [pause] }, 0, 'disabled'],
    ['where it comes more than 30 hours late', {}, {}, 31, 'late'],
    ['where its date is excluded, before a pause', excluded, { pauses: [pause] }, 0, 'excluded'],
    ['in a pause, before the breaker', {}, { pauses: [pause], breaker: broken, streak: -5 }, 0, 'paused'],
    ['by an open breaker, before the budget', { limits }, { breaker: broken, streak: -5, spent }, 0, 'breaker'],
    ['by the budget', { limits }, { spent }, 0, 'budget'],
  ])('%s', (_name, fields, known, age, why) => {
    const run = runAt(hours(age), fields);
    expect(refusal(run, state(known), now)).toMatchObject({ why });
    expect(admission(run, state(known), now)).toMatchObject({ kind: 'skip', skip: { why } });
  });

  test('not for being late where the watchman brings it, or where it waits in the queue', () => {
    const run = runAt(hours(31));
    expect(refusal({ ...run, origin: 'watchman' }, state(), now)).toBeUndefined();
    expect(admission(run, state({ queued: run.id }), now)).toMatchObject({ kind: 'start', state: { queued: null } });
  });

  test('where its local time comes again and is meant then', () => {
    const schedule = { cron: '30 2 25 10 ? *', timezone: 'Europe/Amsterdam', dst: { gap: 'skip', fold: 'last' } };
    const at = new Date('2026-10-25T00:30:05Z');
    expect(refusal(runAt('2026-10-25T00:30:00Z', { schedule }), state(), at)).toEqual({ why: 'fold' });
    expect(refusal(runAt('2026-10-25T01:30:00Z', { schedule }), state(), at)).toBeUndefined();
  });
});

describe('a run that may start', () => {
  test('gets a lease, counts in the budget, and is the probe of a breaker that waits for one', () => {
    const waiting = { ...broken, until: hours(0) };
    const decided = admission(runAt(hours(0)), state({ breaker: waiting, streak: -5 }), now);
    expect(decided).toMatchObject({
      kind: 'start',
      state: {
        version: 1,
        open: [{ run: 'report_20261122T070000Z', holds: true, after: null }],
        breaker: { probe: 'report_20261122T070000Z' },
        spent: { day: { of: '2026-11-22', runs: 1 } },
      },
    });
  });

  test('that a person starts delays no slot, does not count as a run of the budget, and is no probe', () => {
    const full = state({ pauses: [pause], breaker: broken, spent });
    const decided = admission(runAt(hours(0), { limits, enabled: false }, { suffix: 'now' }), full, now);
    expect(decided).toMatchObject({
      kind: 'start',
      state: { open: [{ holds: false }], breaker: broken, spent: { day: { runs: 1 } } },
    });
  });
});
