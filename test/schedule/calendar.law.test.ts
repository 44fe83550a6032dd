import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundsOf, type Due, dueBetween, slotsAfter } from '../../lib/schedule/calendar.ts';
import { parseCron } from '../../lib/schedule/cron.ts';
import type { Schedule } from '../../lib/schedule/schedule.ts';
import { Slot, slotAt } from '../../lib/schedule/slot.ts';
import { openZone, wallTime } from '../../lib/schedule/time-zone.ts';
import {
  additions,
  CHANGES,
  clock,
  DAY,
  foreseen,
  HOUR,
  instant,
  MINUTE,
  means,
  minutesOf,
  nearChange,
  zone,
} from '../kit/calendar-oracle.ts';
import { plays } from '../kit/law-plays.ts';

const anchor = new Date(0);

const duesBetween = (schedule: Schedule, from: number, to: number): Due[] =>
  dueBetween(schedule, new Date(from), new Date(to), { anchor });

const fields = (min: number, max: number) =>
  fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 3 }).map((values) => values.join());
const weekday = fc.integer({ min: 1, max: 7 });

const days = fc.oneof(
  fields(1, 28).map((text) => [text, '?']),
  fc.constantFrom(['L', '?'], ['LW', '?']),
  fc.integer({ min: 1, max: 31 }).map((day) => [`${day}W`, '?']),
  fields(1, 7).map((text) => ['?', text]),
  weekday.map((day) => ['?', `${day}L`]),
  fc.tuple(weekday, fc.integer({ min: 1, max: 5 })).map(([day, nth]) => ['?', `${day}#${nth}`]),
);

/** Mostly busy, so that most windows of a few days have slots. Without dates no year has, which are refused (31W in April). */
const cronText = (often: number) =>
  fc
    .record({
      minute: fc.oneof(fields(0, 59), fc.constantFrom('*', '0/15', '0,30')),
      hour: fc.oneof(fields(0, 23), fc.constantFrom('*', '0-3', '22-2', '0/6')),
      day: fc.oneof({ weight: often, arbitrary: fc.constant(['*', '?']) }, { weight: 1, arbitrary: days }),
      month: fc.oneof({ weight: often, arbitrary: fc.constant('*') }, { weight: 1, arbitrary: fields(1, 12) }),
      year: fc.constantFrom('*', '*', '2010-2025', '2011,2018,2026', '2026/2'),
    })
    .map(({ minute, hour, day: [ofMonth, ofWeek], month, year }) =>
      [minute, hour, ofMonth, month, ofWeek, year].join(' '),
    )
    .filter((text) => parseCron(text).value !== undefined);

const wholeMinute = instant.map((time) => Math.floor(time / MINUTE) * MINUTE);
describe('the slots of a cron', () => {
  it.each(CHANGES)('agree with a search of every minute in %s around %s', (timezone, around) => {
    const middle = Date.parse(around);
    const [from, to] = [middle - 1.5 * DAY, middle + 2.5 * DAY];
    const minutes = minutesOf(timezone, from, to);
    fc.assert(
      fc.property(cronText(3), additions(middle, 2 * DAY), (cron, more) => {
        const schedule = { cron, timezone, ...more };
        expect(duesBetween(schedule, from, to)).toEqual(foreseen(schedule, { minutes, from, to }));
      }),
      { numRuns: plays(12) },
    );
  });

  it('agree with a search of every minute of a day, in any zone', () => {
    const some = fc.array(cronText(5), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(zone, wholeMinute, some, fc.gen(), (timezone, from, crons, draw) => {
        const to = from + DAY;
        const minutes = minutesOf(timezone, from, to);
        for (const cron of crons) {
          const schedule = { cron, timezone, ...draw(() => additions(from + 12 * HOUR, 16 * HOUR)) };
          expect(duesBetween(schedule, from, to)).toEqual(foreseen(schedule, { minutes, from, to }));
        }
      }),
      { numRuns: plays(15) },
    );
  });

  it('agree with a search of every minute of two months with clock changes', () => {
    const months = fc.integer({ min: 0, max: 30 * 12 }).map((month) => Date.UTC(2010, month));
    fc.assert(
      fc.property(
        fc.constantFrom(...CHANGES),
        months,
        fc.array(cronText(1), { minLength: 6, maxLength: 6 }),
        fc.gen(),
        (place, from, crons, draw) => {
          const [timezone] = place;
          const to = from + 60 * DAY;
          const minutes = minutesOf(timezone, from, to);
          for (const cron of crons) {
            const schedule = { cron, timezone, ...draw(() => additions(from + 30 * DAY, 28 * DAY)) };
            expect(duesBetween(schedule, from, to)).toEqual(foreseen(schedule, { minutes, from, to }));
          }
        },
      ),
      { numRuns: plays(1) },
    );
  });

  it('agree with a search of every day of thirty years', () => {
    const [from, to] = [Date.UTC(2010, 0), Date.UTC(2041, 0) - 1];
    const localOf = clock('UTC');
    const noons = Array.from({ length: Math.ceil((to - from) / DAY) }, (_, day) => from + day * DAY + 12 * HOUR);
    const minutes = noons.map((noon) => ({ instant: noon, local: localOf(noon), jumped: [] }));
    fc.assert(
      fc.property(days, fc.oneof(fc.constant('*'), fields(1, 12)), ([ofMonth, ofWeek], month) => {
        const cron = `0 12 ${ofMonth} ${month} ${ofWeek} *`;
        fc.pre(parseCron(cron).value !== undefined);
        const schedule = { cron, timezone: 'UTC' };
        expect(duesBetween(schedule, from, to)).toEqual(foreseen(schedule, { minutes, from, to }));
      }),
      { numRuns: plays(25) },
    );
  });

  it('match the cron in local time, each local time at most once', () => {
    fc.assert(
      fc.property(zone, instant, cronText(1), (timezone, from, text) => {
        const cron = parseCron(text).value;
        if (!cron) throw new Error(`refused: ${text}`);
        const slots = slotsAfter({ cron: text, timezone }, new Date(from), { anchor }).take(60).toArray();
        const walls = slots.map(({ slot }) => wallTime(slot, openZone(timezone)));
        for (const { local } of walls) {
          const [year = 0, month = 0, date = 0, hour = 0, minute = 0] = local.split(/\D/).map(Number);
          expect(means(cron, { year, month, date, hour, minute })).toBe(true);
        }
        expect(new Set(walls.map(({ local }) => local)).size).toBe(walls.length);
      }),
      { numRuns: plays(25) },
    );
  });
});

describe('the slots of any schedule', () => {
  const local = instant.map((time) => slotAt(new Date(time)).slice(0, 19));
  const rate = fc
    .tuple(fc.integer({ min: 2, max: 2000 }), fc.constantFrom('minutes', 'hours', 'days'))
    .map((words) => words.join(' '));
  /** Any schedule, also of a form that job files refuse: an `at` with bounds, a rate with a clock policy. */
  const schedule: fc.Arbitrary<Schedule> = fc
    .tuple(zone, instant)
    .chain(([timezone, near]) =>
      fc.tuple(
        fc.oneof(
          cronText(1).map((cron) => ({ cron, timezone })),
          rate.map((text) => ({ rate: text, timezone })),
          local.map((at) => ({ at, timezone })),
        ),
        additions(near, 3000 * DAY),
      ),
    )
    .map(([base, more]) => ({ ...base, ...more }));
  const taken = (of: Schedule, after: number, counted: number) =>
    slotsAfter(of, new Date(after), { anchor: new Date(counted) })
      .take(40)
      .toArray();

  it('are valid, in order and later than the instant', () => {
    fc.assert(
      fc.property(schedule, instant, instant, (of, after, counted) => {
        const slots = taken(of, after, counted).map(({ slot }) => slot);
        expect(slots.every((slot) => Slot.safeParse(slot).success)).toBe(true);
        const times = [after, ...slots.map((slot) => Date.parse(slot))];
        expect(times.slice(1).every((time, index) => time > (times[index] ?? time))).toBe(true);
      }),
    );
  });

  it('are the same for any start of the search', () => {
    const later = fc.oneof(fc.integer({ min: 0, max: 3 * DAY }), fc.integer({ min: 0, max: 90 * DAY }));
    fc.assert(
      fc.property(schedule, instant, later, instant, (of, early, wait, counted) => {
        const asked = early + wait;
        const first = taken(of, early, counted);
        const kept = first.filter(({ slot }) => Date.parse(slot) > asked);
        expect(taken(of, asked, counted).slice(0, kept.length)).toEqual(kept);
        const [due] = first;
        if (due) expect(taken(of, Date.parse(due.slot), counted).slice(0, 39)).toEqual(first.slice(1));
      }),
    );
  });

  it('of a rate are all whole steps from the anchor', () => {
    const minutes = fc.integer({ min: 2, max: 5000 });
    fc.assert(
      fc.property(minutes, instant, instant, (step, after, counted) => {
        const start = Math.floor(counted / 1000) * 1000;
        const times = taken({ rate: `${step} minutes`, timezone: 'UTC' }, after, counted).map(({ slot }) =>
          Date.parse(slot),
        );
        const [first = 0] = times;
        expect((first - start) % (step * MINUTE)).toBe(0);
        expect(first === start || first - step * MINUTE <= after).toBe(true);
        expect(first).toBeGreaterThanOrEqual(start);
        expect(times).toEqual(times.map((_, index) => first + index * step * MINUTE));
      }),
    );
  });

  it('of a rate with bounds and exclusions are those within, marked by local date', () => {
    const near = fc
      .tuple(zone, instant)
      .chain(([timezone, time]) => fc.tuple(fc.constant(timezone), fc.constant(time), additions(time, 3 * DAY)));
    fc.assert(
      fc.property(near, fc.integer({ min: 2, max: 1500 }), ([timezone, time, { start, end, exclude }], step) => {
        const schedule = { rate: `${step} minutes`, timezone };
        const [from, to] = [time - 4 * DAY, time + 4 * DAY];
        const { start: first = slotAt(new Date(0)), end: last = slotAt(new Date(to)) } = boundsOf({
          ...schedule,
          start,
          end,
        });
        const counted = { anchor: new Date(first) };
        const localOf = clock(timezone);
        const within = dueBetween(schedule, new Date(from), new Date(to), counted).filter(
          ({ slot }) => slot >= first && slot <= last,
        );
        const marked = within.map((due) => {
          const { year, month, date } = localOf(Date.parse(due.slot));
          const day = [year, month, date].map((part) => String(part).padStart(2, '0')).join('-');
          return exclude?.includes(day) ? { ...due, skip: 'excluded' } : due;
        });
        expect(duesBetween({ ...schedule, start, end, exclude }, from, to)).toEqual(marked);
      }),
      { numRuns: plays(40) },
    );
  });

  it('of an at are the minutes with that local time', () => {
    const moment = fc.oneof(nearChange, fc.record({ timezone: zone, time: instant }));
    fc.assert(
      fc.property(moment, additions(0, 0), ({ timezone, time }, { dst }) => {
        const minute = Math.floor(time / MINUTE) * MINUTE;
        const schedule = { at: new Date(minute).toJSON().slice(0, 19), timezone, dst };
        const [from, to] = [minute - 16 * HOUR, minute + 16 * HOUR];
        const minutes = minutesOf(timezone, from, to);
        expect(taken(schedule, 0, 0)).toEqual(foreseen(schedule, { minutes, from, to }));
      }),
      { numRuns: plays(25) },
    );
  });
});
