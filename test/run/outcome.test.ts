import { describe, expect, it } from 'vitest';
import { costOf, hasRun, Outcome, Skip, SkipReason, skipped } from '../../lib/run/outcome.ts';
import { noUsage } from '../../lib/usage.ts';

const endedAt = '2026-11-22T07:00:09.000Z';
const now = new Date(endedAt);
const end = { usage: noUsage, endedAt };
const succeeded: Outcome = { status: 'succeeded', attempts: 1, steps: 2, ...end };
const failed: Outcome = { status: 'failed', failure: 'Crash', message: 'died', attempts: 0, ...end };
const missed: Outcome = { status: 'missed', message: 'no delivery was seen', ...end };

describe('an outcome', () => {
  it('is one of succeeded, failed, skipped and missed', () => {
    for (const outcome of [succeeded, failed, missed, skipped({ why: 'late' }, now)])
      expect(Outcome.parse(outcome)).toEqual(outcome);
    expect(Outcome.safeParse({ ...missed, status: 'open' }).success).toBe(false);
  });

  it.each([
    ['a success without an attempt', { ...succeeded, attempts: 0 }],
    ['a success without the step that holds its result', { ...succeeded, steps: 0 }],
    ['a failure without a name of the table', { ...failed, failure: 'Timeout' }],
    ['a failure without a message', { ...failed, message: undefined }],
    ['a skip without a known reason', { status: 'skipped', why: 'bored', ...end }],
    ['a miss without a message', { ...missed, message: undefined }],
    ['an end without its cost', { ...failed, usage: undefined }],
    ['a field of another end', { ...missed, attempts: 1 }],
  ])('rejects %s', (_, value) => {
    expect(Outcome.safeParse(value).success).toBe(false);
  });

  it('may say what became of the calls that change the world, and is read without that', () => {
    const first = { tool: 'http_post', place: null, status: 'unknown' as const, reason: 'The server answered 500.' };
    for (const outcome of [succeeded, failed]) {
      const counted = { ...outcome, effects: { done: 1, undone: 0, unknown: 1, first } };
      expect(Outcome.parse(counted)).toEqual(counted);
    }
    expect(Outcome.safeParse({ ...succeeded, effects: { done: -1, undone: 0, unknown: 0, first: null } }).success).toBe(
      false,
    );
  });

  it('has no known cost where its model has no price or reported no usage', () => {
    const used = { ...noUsage, inputTokens: 10, outputTokens: 1, usd: 0.5 };
    expect(costOf({ ...succeeded, usage: used })).toBe(0.5);
    expect(costOf({ ...succeeded, usage: { ...used, usd: 0 } })).toBe(0);
    expect(costOf({ ...succeeded, usage: { ...used, usd: null } })).toBeNull();
    expect([costOf(failed), costOf(succeeded)]).toEqual([null, null]);
    expect(costOf(skipped({ why: 'late' }, now))).toBe(0);
  });

  it('shows by its attempts whether the run was executed', () => {
    expect([succeeded, failed].map(hasRun)).toEqual([true, true]);
    expect([null, missed, skipped({ why: 'paused' }, now)].map(hasRun)).toEqual([false, false, false]);
  });
});

describe('the outcome of a skipped run', () => {
  it('costs nothing, and has a message and a related run only when known', () => {
    expect(skipped({ why: 'paused' }, now)).toStrictEqual({ status: 'skipped', why: 'paused', ...end });
    const because: Skip = { why: 'caught-up', message: 'later', by: 'night_20261122T080000Z' };
    expect(skipped(because, now)).toStrictEqual({ status: 'skipped', ...because, ...end });
  });

  it('can be stored for every reason', () => {
    for (const why of SkipReason.options) expect(Outcome.safeParse(skipped({ why }, now)).success, why).toBe(true);
    expect(Skip.safeParse({ why: 'late', endedAt }).success).toBe(false);
  });
});
