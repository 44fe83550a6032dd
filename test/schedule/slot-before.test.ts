import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dueBetween } from '../../lib/schedule/calendar.ts';
import { slotBefore } from '../../lib/schedule/slot-before.ts';
import { job } from '../kit/job.ts';

const schedule = (fields: Record<string, unknown>) => job({ schedule: fields }).schedule;
const last = (fields: Record<string, unknown>, at: string, anchor = '2026-11-01T00:00:10Z') =>
  slotBefore(schedule(fields), Date.parse(at), { anchor: new Date(anchor) })?.slot;

describe('the slot before an instant', () => {
  it('is the last one, and not one at the instant itself', () => {
    expect(last({ cron: '0 9 * * ? *' }, '2026-11-22T09:00:00Z')).toBe('2026-11-21T09:00:00Z');
    expect(last({ cron: '0 9 * * ? *' }, '2026-11-22T09:00:00.001Z')).toBe('2026-11-22T09:00:00Z');
    expect(last({ rate: '7 minutes' }, '2026-11-01T01:00:00Z')).toBe('2026-11-01T00:56:10Z');
    expect(last({ at: '2026-11-20T09:00:00' }, '2026-11-22T09:00:00Z')).toBe('2026-11-20T09:00:00Z');
  });

  it('is found behind dates that the calendar skips, and not where there is none', () => {
    const exclude = ['2026-11-21', '2026-11-20'];
    expect(last({ cron: '0 9 * * ? *', exclude }, '2026-11-22T08:00:00Z')).toBe('2026-11-19T09:00:00Z');
    expect(last({ cron: '0 9 * * ? 2030' }, '2026-11-22T08:00:00Z')).toBeUndefined();
    expect(last({ cron: '0 9 29 2 ? *' }, '2027-11-22T08:00:00Z')).toBe('2024-02-29T09:00:00Z');
  });

  it('of a job whose minutes ended years ago is found without a list of them', () => {
    const ended = { cron: '* * * * ? *', end: '2020-06-01T00:00:00' };
    // A list of the ten years before has two million slots.
    expect(last(ended, '2026-11-22T08:00:00Z')).toBe('2020-06-01T00:00:00Z');
  });

  it('is the last of the slots that the calendar lists', () => {
    const crons = ['*/7 * * * ? *', '30 2 * * ? *', '0 9 ? * MON-FRI *', '15 0,12 1,28 * ? *', '0 0 L * ? *'];
    const zones = ['UTC', 'Europe/Amsterdam', 'Australia/Lord_Howe', 'America/New_York'];
    fc.assert(
      fc.property(
        fc.constantFrom(...crons),
        fc.constantFrom(...zones),
        fc.integer({ min: Date.UTC(2026, 0), max: Date.UTC(2027, 0) }),
        fc.constantFrom(undefined, { gap: 'after', fold: 'last' }),
        (cron, timezone, instant, dst) => {
          const fields = schedule({ cron, timezone, ...(dst && { dst }) });
          const anchor = { anchor: new Date(0) };
          const listed = dueBetween(fields, new Date(instant - 40 * 86_400_000), new Date(instant - 1), anchor);
          const expected = listed.findLast(({ skip }) => skip === undefined);
          expect(slotBefore(fields, instant, anchor)).toEqual(expected);
        },
      ),
      { numRuns: 100 },
    );
  });
});
