import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cronText } from '../../lib/report/cron-text.ts';
import { dueBetween } from '../../lib/schedule/calendar.ts';
import { parseCron } from '../../lib/schedule/cron.ts';
import { plays } from '../kit/law-plays.ts';

const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
];
const nths = ['first', 'second', 'third', 'fourth', 'fifth'];

/** The indexes that `A, B and C` or `A to C` names. A range may not wrap in a sentence. */
const named = (text: string, indexOf: (word: string) => number): number[] => {
  const [from = '', to] = text.split(' to ');
  if (to === undefined) return text.split(/, | and /).map(indexOf);
  return Array.from({ length: indexOf(to) - indexOf(from) + 1 }, (_, at) => indexOf(from) + at);
};
const minuteOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));

type Day = { year: number; month: number; day: number; weekday: number; last: number };

/** Reads the days of a sentence as a person would. */
const daysIn = (text: string): ((day: Day) => boolean) => {
  const isWorkday = ({ weekday }: Day) => weekday > 0 && weekday < 6;
  const [, nth, name] = /^on the (\w+) (\w+day) of the month$/.exec(text) ?? [];
  if (name !== undefined && nth !== undefined) {
    const is = (one: Day) => weekdays[one.weekday] === name;
    return nth === 'last'
      ? (one) => is(one) && one.day + 7 > one.last
      : (one) => is(one) && Math.ceil(one.day / 7) === nths.indexOf(nth) + 1;
  }
  if (text === 'on the last day of the month') return ({ day, last }) => day === last;
  if (text === 'on the last weekday (Monday to Friday) of the month')
    return (one) => isWorkday(one) && one.day + (one.weekday === 5 ? 3 : 1) > one.last;
  const [, near] = /^on the weekday \(Monday to Friday\) nearest to day (\d+) of the month$/.exec(text) ?? [];
  if (near !== undefined) {
    // The nearest workday of the same month, found by looking at each day of it.
    return ({ year, month, day, last }) => {
      if (Number(near) > last) return false;
      const distance = (other: number) => Math.abs(other - Number(near));
      const workdays = Array.from({ length: last }, (_, at) => at + 1).filter((other) => {
        const weekday = new Date(Date.UTC(year, month - 1, other)).getUTCDay();
        return weekday > 0 && weekday < 6;
      });
      return workdays.toSorted((a, b) => distance(a) - distance(b))[0] === day;
    };
  }
  const [, listed] = /^on day (.+) of the month$/.exec(text) ?? [];
  if (listed !== undefined) return ({ day }) => named(listed, Number).includes(day);
  const [, names = ''] = /^on (.+)$/.exec(text) ?? [];
  return ({ weekday }) => named(names, (word) => weekdays.indexOf(word)).includes(weekday);
};

/** Reads the times of a day. */
const timesIn = (text: string): number[] => {
  if (text.startsWith('at ')) return named(text.slice(3), minuteOf);
  const [, every = '', from = '00:00', to = '23:59'] = /^every (.+?)(?: from (.+) to (.+))?$/.exec(text) ?? [];
  const [count = '1', unit = every] = every.includes(' ') ? every.split(' ') : ['1', every];
  const step = Number(count) * (unit.startsWith('hour') ? 60 : 1);
  const times: number[] = [];
  for (let at = minuteOf(from); at <= minuteOf(to); at += step) times.push(at);
  return times;
};

/** The slots that a sentence promises in some days, as minutes of UTC. */
const promised = (sentence: string, days: Day[]): string[] => {
  const plain = `${sentence[0]?.toLowerCase()}${sentence.slice(1)}`;
  const [, main = '', inMonths, inYears] =
    /^(.*?)(?:, in ((?:January|February|March|April|May|June|July|August|September|October|November|December).*?))?(?:, in (\d.*))?$/.exec(
      plain,
    ) ?? [];
  const [times, on] =
    main.startsWith('every day at') || main.startsWith('on ')
      ? [main.slice(main.indexOf(' at ') + 1), main.slice(0, main.indexOf(' at '))]
      : main.split(/, (?=on )/);
  const isDay = on === undefined || on === 'every day' ? () => true : daysIn(on);
  return days
    .filter((one) => inMonths === undefined || named(inMonths, (word) => months.indexOf(word) + 1).includes(one.month))
    .filter((one) => inYears === undefined || named(inYears, Number).includes(one.year))
    .filter(isDay)
    .flatMap(({ year, month, day }) =>
      timesIn(times ?? '').map(
        (at) => `${new Date(Date.UTC(year, month - 1, day) + at * 60_000).toJSON().slice(0, 19)}Z`,
      ),
    );
};

/** Every third day of two years, of which one is a leap year. */
const sampled: Day[] = Array.from({ length: 244 }, (_, at) => {
  const date = new Date(Date.UTC(2027, 0, 1) + at * 3 * 86_400_000);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + 1];
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return { year, month, day: date.getUTCDate(), weekday: date.getUTCDay(), last };
});

const slotsOf = (cron: string): string[] =>
  sampled.flatMap(({ year, month, day }) => {
    const midnight = Date.UTC(year, month - 1, day);
    const end = new Date(midnight + 86_400_000 - 1);
    return dueBetween({ cron, timezone: 'UTC' }, new Date(midnight - 1), end, { anchor: new Date(0) }).map(
      ({ slot }) => slot,
    );
  });

const sentenceOf = (cron: string): string | undefined => {
  const { value } = parseCron(cron);
  return value && cronText(value);
};

const field = (low: number, high: number) => {
  const value = fc.integer({ min: low, max: high });
  return fc.oneof(
    fc.constant('*'),
    value.map(String),
    fc
      .tuple(fc.oneof(value.map(String), fc.constant('*')), fc.integer({ min: 1, max: high }))
      .map((parts) => parts.join('/')),
    fc.tuple(value, value).map(([a, b]) => `${a}-${b}`),
    fc.uniqueArray(value, { minLength: 1, maxLength: 6 }).map((all) => all.join(',')),
  );
};
const days = fc.oneof(
  fc.tuple(fc.oneof(field(1, 31), fc.constantFrom('L', 'lw', '15W', '1W', '31W')), fc.constant('?')),
  fc.tuple(
    fc.constant('?'),
    fc.oneof(field(1, 7), fc.constantFrom('MON-FRI', 'FRI-MON', '6L', '6#3', '1#5', 'SUN,SAT')),
  ),
);
const years = fc.constantFrom('*', '2027', '2027-2029', '2027,2030', '2027/2', '2027-2199');
const crons = fc
  .tuple(field(0, 59), field(0, 23), days, field(1, 12), years)
  .map(([minute, hour, [day, weekday], month, year]) => [minute, hour, day, month, weekday, year].join(' '));

describe('a cron in English', () => {
  test.each([
    ['0 9 * * ? *', 'Every day at 09:00'],
    ['0 10 * * ? *', 'Every day at 10:00'],
    ['0 9 ? * 2-6 *', 'On Monday to Friday at 09:00'],
    ['0 9 ? * 6#3 *', 'On the third Friday of the month at 09:00'],
    ['30 18 L * ? *', 'On the last day of the month at 18:30'],
    ['0 9 lw * ? *', 'On the last weekday (Monday to Friday) of the month at 09:00'],
    ['0,30 9,17 1,15 * ? *', 'On day 1 and 15 of the month at 09:00, 09:30, 17:00 and 17:30'],
    ['0/15 * * * ? *', 'Every 15 minutes'],
    ['* * * * ? *', 'Every minute'],
    ['0 * ? * MON-FRI *', 'Every hour, on Monday to Friday'],
    ['5 * * * ? *', 'Every hour from 00:05 to 23:05'],
    ['0/15 8-17 ? 1-3 * 2027', 'Every 15 minutes from 08:00 to 17:45, in January to March, in 2027'],
    ['0 0/4 * * ? *', 'Every 4 hours'],
    ['0 9 1 1 ? 2027-2030', 'On day 1 of the month at 09:00, in January, in 2027 to 2030'],
  ])('is for %s: %s', (cron, sentence) => {
    expect(sentenceOf(cron)).toBe(sentence);
    expect(promised(sentence, sampled)).toEqual(slotsOf(cron));
  });

  test.each(['0 9 1 1 ? 2027/2', '0/59 * * * ? *', '7/13 1-5,9 * * ? *', '0 9 1-5,8 * ? *'])(
    'is not tried for %s',
    (cron) => {
      expect(sentenceOf(cron)).toBeUndefined();
    },
  );

  test('promises exactly its slots', () => {
    let told = 0;
    fc.assert(
      fc.property(crons, (cron) => {
        const sentence = sentenceOf(cron);
        if (sentence === undefined) return;
        told += 1;
        expect(promised(sentence, sampled), sentence).toEqual(slotsOf(cron));
      }),
      { numRuns: plays(300) },
    );
    expect(told).toBeGreaterThan(10);
  });
});
