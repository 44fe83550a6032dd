import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inEnglish } from '../../lib/report/schedule-text.ts';
import { Schedule } from '../../lib/schedule/schedule.ts';
import { plays } from '../kit/law-plays.ts';

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const field = (low: number, high: number) =>
  fc.oneof(
    fc.constant('*'),
    fc.integer({ min: low, max: high }).map(String),
    fc.tuple(fc.integer({ min: low, max: high }), fc.integer({ min: 1, max: high })).map((parts) => parts.join('/')),
    fc
      .tuple(fc.integer({ min: low, max: high }), fc.integer({ min: low, max: high }))
      .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    fc.uniqueArray(fc.integer({ min: low, max: high }), { minLength: 1, maxLength: 4 }).map((all) => all.join(',')),
  );
const dayFields = fc.oneof(
  fc.tuple(fc.oneof(field(1, 31), fc.constantFrom('L', 'LW', '15W')), fc.constant('?')),
  fc.tuple(fc.constant('?'), fc.oneof(field(1, 7), fc.constantFrom('MON-FRI', '6L', '6#3', 'SUN,SAT'))),
);
const cron = fc
  .tuple(
    field(0, 59),
    field(0, 23),
    dayFields,
    fc.oneof(field(1, 12), fc.constantFrom('JAN', 'MAR-OCT')),
    field(2027, 2100),
  )
  .map(([minute, hour, [day, weekday], month, year]) => ({
    cron: [minute, hour, day, month, weekday, year].join(' '),
  }));
const rate = fc
  .tuple(fc.integer({ min: 2, max: 400 }), fc.constantFrom('minutes', 'hours', 'days'))
  .map((parts) => ({ rate: parts.join(' ') }));

describe('a schedule in English', () => {
  test.each([
    [{ cron: '0 9 ? * 2-6 *', timezone: 'UTC' }, /^On Monday to Friday at 09:00$/],
    [{ cron: '0 9 ? * 6#3 *', timezone: 'UTC' }, /third Friday/],
    [{ cron: '30 18 L * ? *', timezone: 'UTC' }, /^On the last day of the month at 18:30$/],
    [{ rate: '5 minutes', timezone: 'UTC' }, /^Every 5 minutes$/],
    [{ at: '2026-12-24T18:00:00', timezone: 'UTC' }, /^Once, at 2026-12-24 18:00$/],
    [{ rate: '1 day', timezone: 'UTC', start: '2027-01-01T09:00:00' }, /^Every 1 day, from 2027-01-01 09:00$/],
    [{ rate: '1 day', timezone: 'UTC', exclude: ['2027-01-06', '2027-01-07'] }, /^Every 1 day, except on 2 dates$/],
    [
      {
        rate: '1 day',
        timezone: 'UTC',
        start: '2027-01-01T09:00:00',
        end: '2027-02-01T00:00:30',
        exclude: ['2027-01-06'],
      },
      /^Every 1 day, from 2027-01-01 09:00 until 2027-02-01 00:00:30, except on 1 date$/,
    ],
  ])('for %j is plain', (schedule, english) => {
    expect(inEnglish(schedule)).toMatch(english);
  });

  test('counts weekdays from Sunday = 1, as EventBridge does', () => {
    for (const [at, day] of days.entries()) {
      const english = inEnglish({ cron: `0 9 ? * ${at + 1} *`, timezone: 'UTC' });
      expect(days.filter((one) => english.includes(one))).toEqual([day]);
    }
  });

  test('exists for every valid schedule', () => {
    fc.assert(
      fc.property(fc.oneof({ weight: 4, arbitrary: cron }, rate), (fields) => {
        const read = Schedule.safeParse(fields);
        fc.pre(read.success);
        if (read.success) expect(inEnglish(read.data)).toMatch(/^\S.*\S$/);
      }),
      { numRuns: plays(500) },
    );
  });
});
