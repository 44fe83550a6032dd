import { describe, expect, it } from 'vitest';
import { parseCron } from '../../lib/schedule/cron.ts';

const fieldList = 'minutes hours day-of-month month day-of-week year';
const ofWeek = '1-7 or SUN-SAT (1 = Sunday), or on its own ?, L, 6L or 6#2';
const ofMonth = '1-31, or on its own ?, L, LW or 1W-31W';
const every = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index);
const problemsOf = (text: string) => parseCron(text).problems ?? [];

describe('a cron expression', () => {
  const cronOf = (text: string) => parseCron(text).value;

  it('has the same meaning in every spelling', () => {
    expect(cronOf('0/20 8-10 ? JAN,jul-SEP MON-FRI 2026-2027')).toEqual({
      minutes: [0, 20, 40],
      hours: [8, 9, 10],
      day: { kind: 'daysOfWeek', days: [2, 3, 4, 5, 6] },
      months: [1, 7, 8, 9],
      years: [2026, 2027],
    });
    expect(cronOf('00 06 * * ? *')).toEqual({
      minutes: [0],
      hours: [6],
      day: { kind: 'daysOfMonth', days: every(1, 31) },
      months: every(1, 12),
      years: every(1970, 2199),
    });
  });

  it('wraps a range around midnight, the weekend and the new year, like the AWS example', () => {
    const cron = cronOf('0/30 20-2 ? NOV-FEB FRI-MON *');
    expect(cron?.hours).toEqual([0, 1, 2, 20, 21, 22, 23]);
    expect(cron?.months).toEqual([1, 2, 11, 12]);
    expect(cron?.day).toEqual({ kind: 'daysOfWeek', days: [1, 2, 6, 7] });
  });

  it.each([
    ['L * ?', { kind: 'lastDay' }],
    ['LW * ?', { kind: 'lastWeekday' }],
    ['3W * ?', { kind: 'nearestWeekday', day: 3 }],
    ['? * L', { kind: 'daysOfWeek', days: [7] }],
    ['? * 6L', { kind: 'lastDayOfWeek', day: 6 }],
    ['? * friL', { kind: 'lastDayOfWeek', day: 6 }],
    ['? * 3#2', { kind: 'nthDayOfWeek', day: 3, nth: 2 }],
    ['? * THU#3', { kind: 'nthDayOfWeek', day: 5, nth: 3 }],
  ])('accepts the day rule %j', (days, day) => {
    expect(cronOf(`0 9 ${days} *`)?.day).toEqual(day);
  });

  it.each([
    ['60 9 ? * MON *', 'field 1 (minutes): found "60", expected 0-59'],
    ['0 24 ? * MON *', 'field 2 (hours): found "24", expected 0-23'],
    ['0 9 32 * ? *', `field 3 (day of month): found "32", expected ${ofMonth}`],
    ['0 9 001 * ? *', `field 3 (day of month): found "001", expected ${ofMonth}`],
    ['0 9 ? 13 MON *', 'field 4 (month): found "13", expected 1-12 or JAN-DEC'],
    ['0 9 ? * 8 *', `field 5 (day of week): found "8", expected ${ofWeek}`],
    ['0 9 ? * 0 *', `field 5 (day of week): found "0", expected ${ofWeek}`],
    ['0 9 ? * MON 2200', 'field 6 (year): found "2200", expected 1970-2199'],
    ['0 9 ? * MON,FOO *', `field 5 (day of week): found "FOO" in "MON,FOO", expected ${ofWeek}`],
    ['0 9 ? * MONDAY *', `field 5 (day of week): found "MONDAY", expected ${ofWeek}`],
    ['0,,5 9 ? * MON *', 'field 1 (minutes): found "" in "0,,5", expected 0-59'],
    ['*,5 9 ? * MON *', 'field 1 (minutes): found "*" in "*,5", expected 0-59'],
    ['1-2-3 9 ? * MON *', 'field 1 (minutes): found "1-2-3", expected 0-59'],
    ['? 9 ? * MON *', 'field 1 (minutes): found "?", expected 0-59'],
    ['0/60 9 ? * MON *', 'field 1 (minutes): found "/60" in "0/60", expected a step of 1-59'],
    ['0 */0 ? * MON *', 'field 2 (hours): found "/0" in "*/0", expected a step of 1-23'],
    ['0 9 ? * MON 2030-2026', 'field 6 (year): found "2030-2026", expected the lower number first'],
    [
      '0 22-2/2 * * ? *',
      'field 2 (hours): found "22-2" in "22-2/2", expected the lower number first, because the range has a step',
    ],
    ['0 9 ? * MON-6 *', 'field 5 (day of week): found "MON-6", expected two names or two numbers'],
    ['0 9 ? JAN-3,5 MON *', 'field 4 (month): found "JAN-3" in "JAN-3,5", expected two names or two numbers'],
    [
      '0 9 ? * MON-FRI/2 *',
      'field 5 (day of week): found "/2" in "MON-FRI/2", expected no step in this field; list its days',
    ],
    ['0 9 L-3 * ? *', `field 3 (day of month): found "L" in "L-3", expected ${ofMonth}`],
    ['0 9 1,15W * ? *', `field 3 (day of month): found "15W" in "1,15W", expected ${ofMonth}`],
    ['0 9 32W * ? *', `field 3 (day of month): found "32W", expected ${ofMonth}`],
    ['0 9 ? * 3#6 *', `field 5 (day of week): found "3#6", expected ${ofWeek}`],
    ['0 9 31 FEB,APR ? *', 'field 3 (day of month): found "31", expected a day that month "FEB,APR" of year "*" has'],
    ['0 9 29W 2 ? 2027', 'field 3 (day of month): found "29W", expected a day that month "2" of year "2027" has'],
    ['0 9 29 2 ? 2100', 'field 3 (day of month): found "29", expected a day that month "2" of year "2100" has'],
    [
      '0 9 * * MON *',
      'fields 3 (day of month) and 5 (day of week): found "*" and "MON", expected "?" in exactly one of them',
    ],
    [
      '0 9 ? * ? *',
      'fields 3 (day of month) and 5 (day of week): found "?" and "?", expected "?" in exactly one of them',
    ],
    ['0 9 * * ?', `found 5 fields, expected 6: ${fieldList}`],
    ['', `found 0 fields, expected 6: ${fieldList}`],
    ['cron(0 9 * * ? *)', 'found "cron(" in "cron(0 9 * * ? *)", expected the six fields without cron( )'],
  ])('rejects %j and names the field', (cron, message) => {
    expect(problemsOf(cron)).toEqual([message]);
  });

  it.each(['0 9 29 2 ? *', '0 9 29 2 ? 2000', '0 9 31 FEB-MAR ? *', '0 9 30W 2,4 ? *'])(
    'accepts %j, which occurs in some month',
    (cron) => {
      expect(problemsOf(cron)).toEqual([]);
    },
  );

  it('is rejected with all its problems at once', () => {
    const starts = ['field 1', 'field 2', 'field 2', 'field 5', 'fields 3', 'field 4', 'field 6'];
    const said = problemsOf('60 24/0 * 13 8 1969');
    expect(said.map((line) => line.replace(/^(fields? \d).*$/, '$1'))).toEqual(starts);
  });
});
