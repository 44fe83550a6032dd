import { Failure } from '../failure.ts';
import { type Cron, type CronDay, parseCron } from './cron.ts';
import type { Dst, Schedule } from './schedule.ts';
import { type Slot, slotAt } from './slot.ts';
import { instantsOf, midnightOf, openZone, reachedAt, type Span, type Zone } from './time-zone.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const UNIT = { minute: MINUTE, hour: 60 * MINUTE, day: DAY };
/** A slot has four digits for its year. */
const LAST = Date.UTC(10_000, 0);

/**
 * A slot that is due. `by`: EventBridge fires it, or, beyond what EventBridge does, the watchman starts it.
 * `skip`: it is recorded and does not run, because its local date is excluded or the second of two equal times is meant.
 */
export type Due = { slot: Slot; by: 'schedule' | 'watchman'; skip?: 'excluded' | 'fold' };

/** A slot before it is known whether it lies within the schedule's bounds. */
type Moment = { instant: number; by: Due['by']; skip?: 'fold' };

/** From where a schedule is read: how its clocks are taken, and the instant that is its last. */
type Reading = { zone: Zone; dst: Dst | undefined; after: number; end: number };

const isUnit = (text: string): text is keyof typeof UNIT => Object.hasOwn(UNIT, text);

/** Milliseconds since 1970. An invalid date is a RangeError. */
const instantOf = (date: Date): number => Date.parse(date.toISOString());

/** The Monday to Friday nearest to a day, never in another month. */
const nearestWeekday = (day: number, last: number, weekday: number): number => {
  if (weekday === 7) return day === 1 ? 3 : day - 1;
  if (weekday === 1) return day === last ? day - 2 : day + 1;
  return day;
};

/** The days of a month that a cron means, in order. A day the month does not have is left out, also before a `W`. */
const daysOf = (rule: CronDay, year: number, month: number): number[] => {
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const days = Array.from({ length: last }, (_, index) => index + 1);
  const weekday = (day: number) => new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 1;
  switch (rule.kind) {
    case 'daysOfMonth':
      return rule.days.filter((day) => day <= last);
    case 'lastDay':
      return [last];
    case 'lastWeekday':
      return [nearestWeekday(last, last, weekday(last))];
    case 'nearestWeekday':
      return rule.day > last ? [] : [nearestWeekday(rule.day, last, weekday(rule.day))];
    case 'daysOfWeek':
      return days.filter((day) => rule.days.includes(weekday(day)));
    case 'lastDayOfWeek':
      return days.slice(-7).filter((day) => weekday(day) === rule.day);
    case 'nthDayOfWeek':
      return days.slice(7 * rule.nth - 7, 7 * rule.nth).filter((day) => weekday(day) === rule.day);
  }
};

/** The midnights of the days a cron means, from one on; found by year and month, so that a rare one is found at once. */
function* midnights({ day: rule, months, years }: Cron, from: number): Generator<number> {
  const firstYear = new Date(from).getUTCFullYear();
  for (const year of years.filter((each) => each >= firstYear)) {
    for (const month of months) {
      const days = daysOf(rule, year, month).map((day) => Date.UTC(year, month - 1, day));
      yield* days.filter((midnight) => midnight >= from);
    }
  }
}

/** What becomes of one local time. Of two equal ones the second counts only where the schedule's end leaves it. */
const momentsOf = (local: number, spans: Span[], { dst, end }: Reading): Moment[] => {
  const [first, second] = instantsOf(local, spans);
  if (first === undefined) return dst?.gap === 'after' ? [{ instant: reachedAt(local, spans), by: 'watchman' }] : [];
  const once: Moment = { instant: first, by: 'schedule' };
  if (second === undefined || second > end) return [once];
  const fold = dst?.fold;
  if (fold === 'both') return [once, { instant: second, by: 'watchman' }];
  if (fold === 'last')
    return [
      { ...once, skip: 'fold' },
      { instant: second, by: 'watchman' },
    ];
  return [once];
};

/** In time; of those at one instant, what EventBridge fires comes first. */
const inOrder = (a: Moment, b: Moment): number => a.instant - b.instant || (a.by < b.by ? -1 : 1);

/** Day by day. Where clocks go back over midnight a day has moments after the next one began: they are held until it is that one's turn. */
function* cronMoments(text: string, reading: Reading): Generator<Moment> {
  const { zone, after } = reading;
  const { value: cron, problems } = parseCron(text);
  if (!cron) throw new Failure('InvalidJob', `cron: ${problems.join('; ')}`);
  const times = cron.hours.flatMap((hour) => cron.minutes.map((minute) => (hour * 60 + minute) * MINUTE));
  let held: Moment[] = [];
  for (const midnight of midnights(cron, midnightOf(after + zone.offsetAt(after)) - DAY)) {
    const spans = zone.spansAround(midnight);
    const nextDay = reachedAt(midnight + DAY, spans);
    const all = [...held, ...times.flatMap((time) => momentsOf(midnight + time, spans, reading))].sort(inOrder);
    held = all.filter(({ instant }) => instant >= nextDay);
    yield* all.filter(({ instant }) => instant < nextDay);
  }
  yield* held;
}

/** How long a rate is, in milliseconds. Throws InvalidJob for one that Schedule would refuse. */
export const periodOf = (rate: string): number => {
  const [count = '', units = ''] = rate.trim().split(/\s+/);
  const unit = units.replace(/s$/, '');
  const period = isUnit(unit) ? Number(count) * UNIT[unit] : 0;
  if (!(period > 0)) throw new Failure('InvalidJob', `rate: found "${rate}", expected a value and a unit`);
  return period;
};

function* rateMoments(text: string, anchor: number, after: number): Generator<Moment> {
  const step = periodOf(text);
  const passed = Math.max(0, Math.floor((after - anchor) / step) + 1);
  for (let instant = anchor + passed * step; instant < LAST; instant += step) yield { instant, by: 'schedule' };
}

const readLocal = (text: string, field: string): number => {
  const local = Date.parse(`${text}Z`);
  if (Number.isNaN(local)) throw new Failure('InvalidJob', `${field}: found "${text}", expected yyyy-mm-ddThh:mm:ss`);
  return local;
};

const atMoments = (text: string, reading: Reading): Moment[] => {
  const local = readLocal(text, 'at');
  return momentsOf(local, reading.zone.spansAround(midnightOf(local)), reading);
};

const moments = (schedule: Schedule, reading: Reading, anchor: number): Iterable<Moment> => {
  if (schedule.rate !== undefined) return rateMoments(schedule.rate, anchor, reading.after);
  return schedule.cron === undefined ? atMoments(schedule.at, reading) : cronMoments(schedule.cron, reading);
};

/** The instant of a bound: the first one where its local time comes twice, that of the jump where clocks jump over it. */
const boundAt = (text: string, field: string, zone: Zone): number => {
  const local = readLocal(text, field);
  return reachedAt(local, zone.spansAround(midnightOf(local)));
};

/**
 * The slots of a schedule strictly after an instant, in order, computed as they are asked for: the same whenever one asks.
 * A rate goes on for good, from its `anchor` (when its schedule was created) or its later start, which is its first slot:
 * + n × rate in elapsed time, to the whole second. A cron ends with its years, an `at` with its one slot, all with `end`.
 *
 * AWS documents: a cron time that does not exist is skipped, one that happens twice is due the first time; a day is 24 hours.
 * Inferred: the same for an `at` (so one in a gap has no slot) and for every time of a cron with `*` hours, which rests
 * while clocks repeat; the anchor's seconds stay; `31W` skips shorter months; `start` and `end` themselves are within.
 * Throws InvalidJob for an expression that Schedule would refuse, RangeError for an invalid instant or zone.
 */
export function* slotsAfter(schedule: Schedule, after: Date, { anchor }: { anchor: Date }): Generator<Due> {
  const zone = openZone(schedule.timezone);
  const start = schedule.start === undefined ? Number.NEGATIVE_INFINITY : boundAt(schedule.start, 'start', zone);
  const end = schedule.end === undefined ? Number.POSITIVE_INFINITY : boundAt(schedule.end, 'end', zone);
  const excluded = new Set(schedule.exclude);
  const created = Math.floor(instantOf(anchor) / 1000) * 1000;
  let last = Math.max(instantOf(after), start - 1);
  for (const moment of moments(schedule, { zone, dst: schedule.dst, after: last, end }, Math.max(created, start))) {
    const { instant, by } = moment;
    if (instant > end) return;
    if (instant <= last) continue;
    last = instant;
    const skip = excluded.size > 0 && excluded.has(localDay(instant, zone)) ? 'excluded' : moment.skip;
    yield { slot: slotAt(new Date(instant)), by, ...(skip && { skip }) };
  }
}

const localDay = (instant: number, zone: Zone): string =>
  new Date(instant + zone.offsetAt(instant)).toJSON().slice(0, 10);

/** The slots of a schedule after one instant, up to and including another. Throws as `slotsAfter`. */
export const dueBetween = (schedule: Schedule, after: Date, to: Date, { anchor }: { anchor: Date }): Due[] => {
  const due: Due[] = [];
  const end = instantOf(to);
  for (const each of slotsAfter(schedule, after, { anchor })) {
    if (Date.parse(each.slot) > end) break;
    due.push(each);
  }
  return due;
};

/** The first and the last instant of a schedule, in UTC, where it has them: what EventBridge Scheduler is told. */
export const boundsOf = ({ timezone, start, end }: Schedule): { start?: Slot; end?: Slot } => {
  const zone = openZone(timezone);
  const bound = (text: string, field: string) => slotAt(new Date(boundAt(text, field, zone)));
  return {
    ...(start !== undefined && { start: bound(start, 'start') }),
    ...(end !== undefined && { end: bound(end, 'end') }),
  };
};

/** Whether an instant is a slot of a schedule. Throws as `slotsAfter`. */
export const isSlotOf = (schedule: Schedule, slot: Slot, from: { anchor: Date }): boolean => {
  const due = new Date(slot);
  return dueBetween(schedule, new Date(due.getTime() - 1000), due, from).length > 0;
};

/** Whether EventBridge has no slot of a schedule to fire after an instant: then it is no fault that there is no such schedule. */
export const isOver = (schedule: Schedule, after: Date): boolean => {
  const { end } = boundsOf(schedule);
  if (schedule.rate !== undefined) return end !== undefined && Date.parse(end) <= instantOf(after);
  return !slotsAfter(schedule, after, { anchor: after }).some(({ by }) => by === 'schedule');
};
