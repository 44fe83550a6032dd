import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Cron, type CronDay, parseCron } from '../../lib/schedule/cron.ts';
import { scheduleExpression } from '../../lib/schedule/schedule.ts';
import { plays } from '../kit/law-plays.ts';

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** A text and what it means, made together. */
type Said<T> = { text: string; means: T };
type Range = { min: number; max: number; names?: string[]; wraps?: boolean; steps?: number };

/** Counted one by one, on purpose not as the parser does it. */
const count = (first: number, last: number, step: number, { min, max }: Range): number[] => {
  const values: number[] = [];
  let value = first;
  for (let walked = 0; ; walked += 1) {
    if (walked % step === 0) values.push(value);
    if (value === last) return values;
    value = value === max ? min : value + 1;
  }
};

/** A value in figures, or by its name in capitals or not. A range has two names or two numbers. */
const spelled = (value: number, { min, names }: Range, asName: boolean) => {
  const name = asName ? names?.[value - min] : undefined;
  return name === undefined ? fc.constant(String(value)) : fc.constantFrom(name, name.toLowerCase());
};

const item = (range: Range): fc.Arbitrary<Said<number[]>> => {
  const { min, max, wraps = true, steps = 0 } = range;
  const number = fc.integer({ min, max });
  const step = steps > 0 ? fc.option(fc.integer({ min: 1, max: steps }), { nil: undefined }) : fc.constant(undefined);
  return fc.tuple(number, fc.option(number, { nil: undefined }), step, fc.boolean()).chain(([a, b, every, asName]) => {
    const mayWrap = wraps && every === undefined;
    const [first, last] = mayWrap || b === undefined ? [a, b] : [Math.min(a, b), Math.max(a, b)];
    const ends = [first, ...(last === undefined ? [] : [last])].map((value) => spelled(value, range, asName));
    const end = last ?? (every === undefined ? first : max);
    return fc.tuple(...ends).map((parts) => ({
      text: `${parts.join('-')}${every === undefined ? '' : `/${every}`}`,
      means: count(first, end, every ?? 1, range),
    }));
  });
};

const sorted = (values: number[]) => [...new Set(values)].sort((a, b) => a - b);

const list = (range: Range): fc.Arbitrary<Said<number[]>> =>
  fc.oneof(
    fc.constant({ text: '*', means: count(range.min, range.max, 1, range) }),
    fc.array(item(range), { minLength: 1, maxLength: 4 }).map((items) => ({
      text: items.map(({ text }) => text).join(),
      means: sorted(items.flatMap(({ means }) => means)),
    })),
  );

const dayOfMonth: fc.Arbitrary<Said<CronDay>> = fc.oneof(
  {
    weight: 3,
    arbitrary: list({ min: 1, max: 31, steps: 31 }).map(({ text, means }) => ({
      text,
      means: { kind: 'daysOfMonth' as const, days: means },
    })),
  },
  fc.constant({ text: 'L', means: { kind: 'lastDay' as const } }),
  fc.constant({ text: 'LW', means: { kind: 'lastWeekday' as const } }),
  fc.integer({ min: 1, max: 31 }).map((day) => ({ text: `${day}W`, means: { kind: 'nearestWeekday' as const, day } })),
);

const week: Range = { min: 1, max: 7, names: WEEKDAYS };
const someDay = fc
  .tuple(fc.integer({ min: 1, max: 7 }), fc.boolean())
  .chain(([day, asName]) => spelled(day, week, asName).map((text) => ({ text, day })));
const dayOfWeek: fc.Arbitrary<Said<CronDay>> = fc.oneof(
  {
    weight: 3,
    arbitrary: list(week).map(({ text, means }) => ({ text, means: { kind: 'daysOfWeek' as const, days: means } })),
  },
  someDay.map(({ text, day }) => ({ text: `${text}L`, means: { kind: 'lastDayOfWeek' as const, day } })),
  fc.tuple(someDay, fc.integer({ min: 1, max: 5 })).map(([{ text, day }, nth]) => ({
    text: `${text}#${nth}`,
    means: { kind: 'nthDayOfWeek' as const, day, nth },
  })),
);

const days = fc.oneof(
  dayOfMonth.map(({ text, means }) => ({ texts: [text, '?'], means })),
  dayOfWeek.map(({ text, means }) => ({ texts: ['?', text], means })),
);

/** Whether some year has the day, asked of the calendar itself. */
const happens = ({ day, months, years }: Cron): boolean => {
  const wanted = day.kind === 'daysOfMonth' ? day.days : day.kind === 'nearestWeekday' ? [day.day] : [1];
  return years.some((year) =>
    months.some((month) =>
      wanted.some((date) => new Date(Date.UTC(year, month - 1, date)).getUTCMonth() === month - 1),
    ),
  );
};

const anyCron: fc.Arbitrary<Said<Cron>> = fc
  .record({
    minutes: list({ min: 0, max: 59, steps: 59 }),
    hours: list({ min: 0, max: 23, steps: 23 }),
    day: days,
    months: list({ min: 1, max: 12, names: MONTHS, steps: 12 }),
    years: list({ min: 1970, max: 2199, wraps: false, steps: 229 }),
    space: fc.constantFrom(' ', '  ', '\t'),
  })
  .map(({ minutes, hours, day, months, years, space }) => ({
    text: [minutes.text, hours.text, day.texts[0], months.text, day.texts[1], years.text].join(space),
    means: { minutes: minutes.means, hours: hours.means, day: day.means, months: months.means, years: years.means },
  }));

const goodCron = anyCron.filter(({ means }) => happens(means));

const dayTexts = (day: CronDay): [string, string] => {
  if (day.kind === 'daysOfMonth') return [day.days.join(), '?'];
  if (day.kind === 'lastDay') return ['L', '?'];
  if (day.kind === 'lastWeekday') return ['LW', '?'];
  if (day.kind === 'nearestWeekday') return [`${day.day}W`, '?'];
  if (day.kind === 'daysOfWeek') return ['?', day.days.join()];
  if (day.kind === 'lastDayOfWeek') return ['?', `${day.day}L`];
  return ['?', `${day.day}#${day.nth}`];
};

const written = ({ minutes, hours, day, months, years }: Cron): string => {
  const [ofMonth, ofWeek] = dayTexts(day);
  return [minutes.join(), hours.join(), ofMonth, months.join(), ofWeek, years.join()].join(' ');
};

const isOrdered = (values: number[]) =>
  values.length > 0 && values.every((value, i) => i === 0 || value > Number(values[i - 1]));

describe('a cron expression', () => {
  it('parses to the meaning of the grammar that generated it', () => {
    fc.assert(
      fc.property(goodCron, ({ text, means }) => {
        expect(parseCron(text)).toEqual({ value: means });
      }),
      { numRuns: plays(500) },
    );
  });

  it('printed from its meaning parses to the same meaning', () => {
    fc.assert(
      fc.property(goodCron, ({ text, means }) => {
        const { value } = parseCron(text);
        expect(parseCron(value ? written(value) : '').value).toEqual(means);
      }),
    );
  });

  it('keeps its meaning in the syntax of AWS', () => {
    fc.assert(
      fc.property(goodCron, ({ text, means }) => {
        const sent = scheduleExpression({ cron: text, timezone: 'UTC' });
        expect(sent).toMatch(/^cron\([^ \ta-z]+( [^ \ta-z]+){5}\)$/);
        expect(parseCron(sent.slice(5, -1)).value).toEqual(means);
      }),
    );
  });

  it('is rejected exactly when its days never occur', () => {
    fc.assert(
      fc.property(anyCron, ({ text, means }) => {
        expect(parseCron(text).problems === undefined).toBe(happens(means));
      }),
    );
    const dates = ['28', '29', '30W', '31'].flatMap((day) =>
      Array.from({ length: 12 }, (_, month) => [day, month + 1]),
    );
    for (const [day, month] of dates) {
      for (let year = 1970; year <= 2199; year += 1) {
        const real = new Date(Date.UTC(year, Number(month) - 1, Number.parseInt(String(day), 10)));
        const taken = parseCron(`0 9 ${day} ${month} ? ${year}`).problems === undefined;
        if (taken !== (real.getUTCMonth() === Number(month) - 1)) expect.fail(`${day} of month ${month} in ${year}`);
      }
    }
  });

  it('with a mistake is rejected at its field or parses completely, and never throws', () => {
    const symbols = fc.constantFrom(...'0123456789*?,-/#LW AZ', 'MON', 'É', '\n', '\u{1F319}', '');
    const mutated = fc.tuple(goodCron, fc.nat(), fc.nat({ max: 2 }), symbols).map(([{ text }, at, cut, symbol]) => {
      const start = at % (text.length + 1);
      return text.slice(0, start) + symbol + text.slice(start + cut);
    });
    fc.assert(
      fc.property(mutated, (text) => {
        const { value, problems = [] } = parseCron(text);
        expect(problems.length > 0).toBe(value === undefined);
        if (value) expect([value.minutes, value.hours, value.months, value.years].every(isOrdered)).toBe(true);
        expect(problems.every((problem) => problem !== '')).toBe(true);
      }),
      { numRuns: plays(1000) },
    );
  });

  it('with a value out of range is rejected with that value', () => {
    const limits: [number, number, string][] = [
      [0, 60, 'field 1'],
      [1, 24, 'field 2'],
      [2, 32, 'field 3'],
      [3, 13, 'field 4'],
      [5, 2200, 'field 6'],
    ];
    fc.assert(
      fc.property(fc.constantFrom(...limits), fc.nat({ max: 9999 }), ([index, beyond, title], more) => {
        const fields = ['0', '9', '1', '*', '?', '*'];
        const value = String(beyond + more);
        fields[index] = value;
        expect(parseCron(fields.join(' ')).problems).toEqual([
          expect.stringMatching(new RegExp(`^${title} .*found "${value}", expected`)),
        ]);
      }),
    );
  });
});
