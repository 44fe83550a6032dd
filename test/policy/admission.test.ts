import { describe, expect, test } from 'vitest';
import { admission, refusal } from '../../lib/policy/admission.ts';
import { freshState, type JobState } from '../../lib/policy/job-state.ts';
import { leaseOf } from '../../lib/policy/lease.ts';
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

describe('admission of a slot', () => {
  test.each([
    ['refuses it as disabled before any other reason', { enabled: false, limits }, { pauses: [pause] }, 0, 'disabled'],
    ['refuses it as late after more than 30 hours', {}, {}, 31, 'late'],
    ['refuses it as excluded before a pause', excluded, { pauses: [pause] }, 0, 'excluded'],
    ['refuses it as paused before the breaker', {}, { pauses: [pause], breaker: broken, streak: -5 }, 0, 'paused'],
    [
      'refuses it by an open breaker before the budget',
      { limits },
      { breaker: broken, streak: -5, spent },
      0,
      'breaker',
    ],
    ['refuses it by the budget', { limits }, { spent }, 0, 'budget'],
  ])('%s', (_name, fields, known, age, why) => {
    const run = runAt(hours(age), fields);
    expect(refusal(run, state(known), now)).toMatchObject({ why });
    expect(admission(run, state(known), now)).toMatchObject({ kind: 'skip', skip: { why } });
  });

  test('does not refuse a late slot that the watchman delivers or that waits in the queue', () => {
    const run = runAt(hours(31));
    expect(refusal({ ...run, origin: 'watchman' }, state(), now)).toBeUndefined();
    expect(admission(run, state({ queued: run.id }), now)).toMatchObject({ kind: 'start', state: { queued: null } });
  });

  test('refuses the first of two equal local times where the schedule means the last', () => {
    const schedule = { cron: '30 2 25 10 ? *', timezone: 'Europe/Amsterdam', dst: { gap: 'skip', fold: 'last' } };
    const at = new Date('2026-10-25T00:30:05Z');
    expect(refusal(runAt('2026-10-25T00:30:00Z', { schedule }), state(), at)).toEqual({ why: 'fold' });
    expect(refusal(runAt('2026-10-25T01:30:00Z', { schedule }), state(), at)).toBeUndefined();
  });
});

describe('admission of a run', () => {
  test('queues a run that is delivered again while it waits in the queue, and skips one behind a newer run', () => {
    const run = runAt(hours(0), { overlap: 'cancel-previous' });
    const holder = leaseOf(runAt(hours(1)), now);
    const known = (queued: string) => state({ open: [holder], queued });
    expect(admission(run, known(run.id), now)).toMatchObject({
      kind: 'queue',
      superseded: [holder.run],
      replaced: null,
    });
    const older = runAt(hours(2), { overlap: 'cancel-previous' });
    expect(admission(older, known(run.id), now)).toMatchObject({ kind: 'skip', skip: { by: holder.run } });
  });

  test('gives it a lease, counts it in the budget, and makes it the probe of a waiting breaker', () => {
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

  test('starts a manual run that delays no slot, counts no run in the budget, and is no probe', () => {
    const full = state({ pauses: [pause], breaker: broken, spent });
    const decided = admission(runAt(hours(0), { limits, enabled: false }, { suffix: 'now' }), full, now);
    expect(decided).toMatchObject({
      kind: 'start',
      state: { open: [{ holds: false }], breaker: broken, spent: { day: { runs: 1 } } },
    });
  });

  const queueOne = { overlap: 'queue-one' };
  const holder = leaseOf(runAt(hours(1)), now);

  test('queues one run behind an open one, and skips the next for the run in the queue', () => {
    const run = runAt(hours(0), queueOne);
    expect(admission(run, state({ open: [holder] }), now)).toMatchObject({
      kind: 'queue',
      state: { queued: run.id },
      superseded: [],
      replaced: null,
    });
    const queued = runAt(hours(0.5)).id;
    const decided = admission(run, state({ open: [holder], queued }), now);
    expect(decided).toEqual({
      kind: 'skip',
      skip: { why: 'overlap', by: queued, message: `${queued} was in the queue already` },
    });
    expect(admission({ ...run, origin: 'watchman' }, state({ open: [holder], queued }), now)).toEqual({ kind: 'wait' });
  });

  test('skips a slot for the open run where the job says so, and names it', () => {
    expect(admission(runAt(hours(0)), state({ open: [holder], queued: 'other' }), now)).toEqual({
      kind: 'skip',
      skip: { why: 'overlap', by: holder.run, message: `${holder.run} was still open` },
    });
  });

  test('replaces the queued run by a newer one that cancels it, and says why', () => {
    const run = runAt(hours(0), { overlap: 'cancel-previous' });
    const queued = runAt(hours(0.5)).id;
    const decided = admission(run, state({ open: [holder], queued }), now);
    expect(decided).toMatchObject({
      kind: 'queue',
      superseded: [holder.run],
      replaced: { run: queued, skip: { why: 'overlap', by: run.id, message: `${run.id} took its place in the queue` } },
      state: { queued: run.id, open: [{ run: holder.run }, { run: queued, skip: { why: 'overlap', by: run.id } }] },
    });
  });

  test('gives way to a newer run in the queue, whether an open one is older or not', () => {
    const run = runAt(hours(2), { overlap: 'cancel-previous' });
    const queued = runAt(hours(0)).id;
    const older = leaseOf(runAt(hours(3)), now);
    expect(admission(run, state({ open: [older], queued }), now)).toMatchObject({ kind: 'skip', skip: { by: queued } });
  });

  test('ends stuck runs first, the first holder among them', () => {
    const ended = { ...holder, until: hours(1) };
    const decided = admission(runAt(hours(0)), state({ open: [ended] }), now);
    expect(decided).toEqual({ kind: 'end-first', stuck: [holder.run] });
  });

  test('lets in at most 100 runs at once, where runs may overlap and where a person starts them', () => {
    const open = Array.from({ length: 100 }, (_, at) => leaseOf(runAt(hours(at + 1)), now));
    const [slot, manual] = [runAt(hours(0), { overlap: 'allow' }), runAt(hours(0), {}, { suffix: 'now' })];
    expect(admission(slot, state({ open: open.slice(1) }), now).kind).toBe('start');
    expect(admission(manual, state({ open: open.slice(1) }), now).kind).toBe('start');
    expect(admission(slot, state({ open }), now)).toMatchObject({ kind: 'skip', skip: { by: open[0]?.run } });
    expect(admission(manual, state({ open }), now)).toMatchObject({ kind: 'skip', skip: { by: open[0]?.run } });
  });
});
