import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { dueBetween, slotsAfter } from '../../../../lib/schedule/calendar.ts';
import type { Schedule } from '../../../../lib/schedule/schedule.ts';
import { additions, CHANGES, DAY, foreseen, type Minute, minutesOf } from '../../../kit/calendar-oracle.ts';
import { boundary, broken, ending } from '../boundary.ts';
import { cronText } from '../job-grammar.ts';

type Window = { timezone: string; from: number; to: number };

/** Some days around each clock change, and whole years of zones with unusual changes. */
const windows: Window[] = [
  ...CHANGES.map(([timezone, around]) => {
    const middle = Date.parse(around);
    return { timezone, from: middle - 1.5 * DAY, to: middle + 2.5 * DAY };
  }),
  ...['Africa/Casablanca', 'America/St_Johns', 'Pacific/Apia', 'Australia/Lord_Howe'].map((timezone) => {
    const from = Date.UTC(2011, 0);
    return { timezone, from, to: from + 365 * DAY };
  }),
];

const near = ({ from, to }: Window) => additions((from + to) / 2, (to - from) / 2);
const moment = ({ from, to }: Window) =>
  fc.integer({ min: from / 60_000, max: to / 60_000 }).map((minute) => new Date(minute * 60_000).toJSON().slice(0, 19));

/** Mostly days around a change, because a year takes a hundred times as long. */
const place = fc
  .nat(400)
  .map((at) => windows[at] ?? windows[at % CHANGES.length] ?? { timezone: 'UTC', from: 0, to: DAY });

type Kind = { cron: string; at?: undefined } | { at: string; cron?: undefined };

/** A cron, in a tenth of the cases with a seventh field, which must be refused by name. */
const cron = fc.tuple(cronText, fc.nat(9)).map(([text, at]): Kind => ({ cron: at === 0 ? `${text} *` : text }));

const cases = place.chain((window) =>
  fc.record({
    window: fc.constant(window),
    kind: fc.oneof(
      { weight: 5, arbitrary: cron },
      moment(window).map((at): Kind => ({ at })),
    ),
    more: near(window),
    asked: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
);

const walked = new Map<Window, Minute[]>();
const minutesIn = (window: Window): Minute[] => {
  const known = walked.get(window) ?? minutesOf(window.timezone, window.from, window.to);
  walked.set(window, known);
  return known;
};

/** Compares the calendar with a walk through every minute, and asks the calendar again from an instant within. */
export const calendar = () =>
  boundary({
    cases,
    judge: async ({ window, kind, more, asked }) => {
      const beside = { ...more, timezone: window.timezone };
      const schedule: Schedule = kind.cron === undefined ? { ...beside, at: kind.at } : { ...beside, cron: kind.cron };
      const { from, to } = window;
      const anchor = { anchor: new Date(0) };
      const asking = await ending(() => dueBetween(schedule, new Date(from), new Date(to), anchor));
      if ('refused' in asking) return asking.refused;
      const due = asking.value;
      const walk = foreseen(schedule, { minutes: minutesIn(window), from, to });
      if (!isDeepStrictEqual(due, walk))
        return broken('the calendar differs from a walk through every minute', { due, walk });
      const later = new Date(Math.floor(from + asked * (to - from)));
      const [again] = slotsAfter(schedule, later, anchor);
      const first = due.find(({ slot }) => new Date(slot) > later);
      const same = first ? isDeepStrictEqual(again, first) : again === undefined || Date.parse(again.slot) > to;
      return same ? 'accepted' : broken('the calendar finds other slots from a later instant', { later, again, first });
    },
  });
