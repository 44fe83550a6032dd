import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { slotsAfter } from '../lib/calendar.ts';
import { parseCron } from '../lib/cron.ts';
import type { Schedule } from '../lib/schedule.ts';
import { Slot, slotAt } from '../lib/slot.ts';
import { openZone, wallTime } from '../lib/zone.ts';
import {
  CHANGES,
  clock,
  DAY,
  expected,
  HOUR,
  instant,
  MINUTE,
  means,
  minutesOf,
  nearChange,
  zone,
} from './kit/almanac.ts';

const anchor = new Date(0);

const slotsBetween = (schedule: Schedule, from: number, to: number, counted = anchor): Slot[] => {
  const end = slotAt(new Date(to));
  const slots: Slot[] = [];
  for (const slot of slotsAfter(schedule, new Date(from), { anchor: counted })) {
    if (slot > end) break;
    slots.push(slot);
  }
  return slots;
};

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
  it.each(CHANGES)('agree with a walk through every minute in %s around %s', (timezone, around) => {
    const middle = Date.parse(around);
    const [from, to] = [middle - 1.5 * DAY, middle + 2.5 * DAY];
    const minutes = minutesOf(timezone, from, to);
    fc.assert(
      fc.property(cronText(3), (cron) => {
        expect(slotsBetween({ cron, timezone }, from, to)).toEqual(expected(cron, minutes));
      }),
      { numRuns: 40 },
    );
  });

  it('agree with a walk through every minute of a day, in any zone', () => {
    fc.assert(
      fc.property(zone, wholeMinute, fc.array(cronText(5), { minLength: 8, maxLength: 8 }), (timezone, from, crons) => {
        const minutes = minutesOf(timezone, from, from + DAY);
        for (const cron of crons) {
          expect(slotsBetween({ cron, timezone }, from, from + DAY)).toEqual(expected(cron, minutes));
        }
      }),
      { numRuns: 40 },
    );
  });

  it('agree with a walk through every day of thirty years', () => {
    const [from, to] = [Date.UTC(2010, 0), Date.UTC(2041, 0) - 1];
    const localOf = clock('UTC');
    const noons = Array.from({ length: Math.ceil((to - from) / DAY) }, (_, day) => from + day * DAY + 12 * HOUR);
    const minutes = noons.map((noon) => ({ instant: noon, local: localOf(noon) }));
    fc.assert(
      fc.property(days, fc.oneof(fc.constant('*'), fields(1, 12)), ([ofMonth, ofWeek], month) => {
        const cron = `0 12 ${ofMonth} ${month} ${ofWeek} *`;
        fc.pre(parseCron(cron).value !== undefined);
        expect(slotsBetween({ cron, timezone: 'UTC' }, from, to)).toEqual(expected(cron, minutes));
      }),
      { numRuns: 40 },
    );
  });

  it('read on the wall what the cron says, no local time twice', () => {
    fc.assert(
      fc.property(zone, instant, cronText(1), (timezone, from, text) => {
        const cron = parseCron(text).value;
        if (!cron) throw new Error(`refused: ${text}`);
        const slots = slotsAfter({ cron: text, timezone }, new Date(from), { anchor }).take(60).toArray();
        const walls = slots.map((slot) => wallTime(slot, openZone(timezone)));
        for (const { local } of walls) {
          const [year = 0, month = 0, date = 0, hour = 0, minute = 0] = local.split(/\D/).map(Number);
          expect(means(cron, { year, month, date, hour, minute })).toBe(true);
        }
        expect(new Set(walls.map(({ local }) => local)).size).toBe(walls.length);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the slots of any schedule', () => {
  const local = instant.map((time) => slotAt(new Date(time)).slice(0, 19));
  const rate = fc
    .tuple(fc.integer({ min: 2, max: 2000 }), fc.constantFrom('minutes', 'hours', 'days'))
    .map((words) => words.join(' '));
  const schedule: fc.Arbitrary<Schedule> = zone.chain((timezone) =>
    fc.oneof(
      cronText(1).map((cron) => ({ cron, timezone })),
      rate.map((text) => ({ rate: text, timezone })),
      local.map((at) => ({ at, timezone })),
    ),
  );
  const taken = (of: Schedule, after: number, counted: number) =>
    slotsAfter(of, new Date(after), { anchor: new Date(counted) })
      .take(40)
      .toArray();

  it('are real, in order, and later than the instant', () => {
    fc.assert(
      fc.property(schedule, instant, instant, (of, after, counted) => {
        const slots = taken(of, after, counted);
        expect(slots.every((slot) => Slot.safeParse(slot).success)).toBe(true);
        const times = [after, ...slots.map((slot) => Date.parse(slot))];
        expect(times.slice(1).every((time, index) => time > (times[index] ?? time))).toBe(true);
      }),
    );
  });

  it('are the same whenever one asks', () => {
    const later = fc.oneof(fc.integer({ min: 0, max: 3 * DAY }), fc.integer({ min: 0, max: 90 * DAY }));
    fc.assert(
      fc.property(schedule, instant, later, instant, (of, early, wait, counted) => {
        const asked = early + wait;
        const first = taken(of, early, counted);
        const kept = first.filter((slot) => Date.parse(slot) > asked);
        expect(taken(of, asked, counted).slice(0, kept.length)).toEqual(kept);
        const [slot] = first;
        if (slot) expect(taken(of, Date.parse(slot), counted).slice(0, 39)).toEqual(first.slice(1));
      }),
    );
  });

  it('of a rate are whole steps from the anchor, none left out', () => {
    const minutes = fc.integer({ min: 2, max: 5000 });
    fc.assert(
      fc.property(minutes, instant, instant, (step, after, counted) => {
        const start = Math.floor(counted / 1000) * 1000;
        const times = taken({ rate: `${step} minutes`, timezone: 'UTC' }, after, counted).map((slot) =>
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

  it('of an at are the first minute that reads so on the wall, if there is one', () => {
    const moment = fc.oneof(nearChange, fc.record({ timezone: zone, time: instant }));
    fc.assert(
      fc.property(moment, ({ timezone, time }) => {
        const at = `${slotAt(new Date(time)).slice(0, 16)}:00`;
        const wanted = Object.values(clock('UTC')(time)).join();
        const localOf = clock(timezone);
        const start = Date.parse(`${at}Z`) - 16 * HOUR;
        const minutes = Array.from({ length: 32 * 60 }, (_, index) => start + index * MINUTE);
        const first = minutes.find((minute) => Object.values(localOf(minute)).join() === wanted);
        const slots = first === undefined ? [] : [slotAt(new Date(first))];
        expect(taken({ at, timezone }, 0, 0)).toEqual(slots);
      }),
      { numRuns: 100 },
    );
  });
});
