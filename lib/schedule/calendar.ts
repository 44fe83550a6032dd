import { Failure } from '../failure.ts';
import { type Cron, type CronDay, parseCron } from './cron.ts';
import type { Dst, Schedule } from './schedule.ts';
import { type Slot, slotAt } from './slot.ts';
import { instantsOf, midnightOf, openZone, reachedAt, type Span, type Zone } from './time-zone.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const UNIT = { minute: MINUTE, hour: 60 * MINUTE, day: DAY };
/** The end of the last year that a slot can hold: it has four digits. */
const LAST = Date.UTC(10_000, 0);

/**
 * A due slot, started by EventBridge (`schedule`) or, beyond what EventBridge can do, by the watchman.
 * With `skip` it is recorded as skipped: its local date is excluded, or `dst.fold: last` chose the later of two equal times.
 */
export type Due = { slot: Slot; by: 'schedule' | 'watchman'; skip?: 'excluded' | 'fold' };

/** A possible slot: the schedule's bounds and excluded dates are not applied yet. `instant` is in milliseconds. */
type Candidate = { instant: number; by: Due['by']; skip?: 'fold' };

/** How local times are read (`zone`, `dst`), and which instants are wanted: later than `after`, up to `end`, in milliseconds. */
type Scope = { zone: Zone; dst: Dst | undefined; after: number; end: number };

const isUnit = (text: string): text is keyof typeof UNIT => Object.hasOwn(UNIT, text);

/** Milliseconds since 1970. Throws RangeError for an invalid date. */
const instantOf = (date: Date): number => Date.parse(date.toISOString());

/** The weekday (Monday to Friday) nearest to a day, within the same month: the rule of cron's `W`. */
const nearestWeekday = (day: number, last: number, weekday: number): number => {
  if (weekday === 7) return day === 1 ? 3 : day - 1;
  if (weekday === 1) return day === last ? day - 2 : day + 1;
  return day;
};

/** The days of a month that match a cron's day field, in order. Days beyond the month's end match nothing, also with `W`. */
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

/** The midnights of all matching days from an instant on. It steps by year and month, so rare dates are found at once. */
function* midnights({ day: rule, months, years }: Cron, from: number): Generator<number> {
  const firstYear = new Date(from).getUTCFullYear();
  for (const year of years.filter((each) => each >= firstYear)) {
    for (const month of months) {
      const days = daysOf(rule, year, month).map((day) => Date.UTC(year, month - 1, day));
      yield* days.filter((midnight) => midnight >= from);
    }
  }
}

/** The possible slots of one local time: none in a gap, up to two in a fold. A second one after the schedule's end is dropped. */
const candidatesOf = (local: number, spans: Span[], { dst, end }: Scope): Candidate[] => {
  const [first, second] = instantsOf(local, spans);
  if (first === undefined) return dst?.gap === 'after' ? [{ instant: reachedAt(local, spans), by: 'watchman' }] : [];
  const once: Candidate = { instant: first, by: 'schedule' };
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

/** Sorts by time. At the same instant, EventBridge's slot comes before the watchman's. */
const byInstant = (a: Candidate, b: Candidate): number => a.instant - b.instant || (a.by < b.by ? -1 : 1);

/** Walks day by day. If clocks go back over midnight, a day has candidates after the next day began; these are held back until then. */
function* cronCandidates(text: string, scope: Scope): Generator<Candidate> {
  const { zone, after } = scope;
  const { value: cron, problems } = parseCron(text);
  if (!cron) throw new Failure('InvalidJob', `cron: ${problems.join('; ')}`);
  const times = cron.hours.flatMap((hour) => cron.minutes.map((minute) => (hour * 60 + minute) * MINUTE));
  let held: Candidate[] = [];
  for (const midnight of midnights(cron, midnightOf(after + zone.offsetAt(after)) - DAY)) {
    const spans = zone.spansAround(midnight);
    const nextDay = reachedAt(midnight + DAY, spans);
    const all = [...held, ...times.flatMap((time) => candidatesOf(midnight + time, spans, scope))].sort(byInstant);
    held = all.filter(({ instant }) => instant >= nextDay);
    yield* all.filter(({ instant }) => instant < nextDay);
  }
  yield* held;
}

/** The period of a rate in milliseconds. Throws InvalidJob for a text that Schedule would refuse. */
export const periodOf = (rate: string): number => {
  const [count = '', units = ''] = rate.trim().split(/\s+/);
  const unit = units.replace(/s$/, '');
  const period = isUnit(unit) ? Number(count) * UNIT[unit] : 0;
  if (!(period > 0)) throw new Failure('InvalidJob', `rate: found "${rate}", expected a value and a unit`);
  return period;
};

function* rateCandidates(text: string, anchor: number, after: number): Generator<Candidate> {
  const step = periodOf(text);
  const passed = Math.max(0, Math.floor((after - anchor) / step) + 1);
  for (let instant = anchor + passed * step; instant < LAST; instant += step) yield { instant, by: 'schedule' };
}

const readLocal = (text: string, field: string): number => {
  const local = Date.parse(`${text}Z`);
  if (Number.isNaN(local)) throw new Failure('InvalidJob', `${field}: found "${text}", expected yyyy-mm-ddThh:mm:ss`);
  return local;
};

const atCandidates = (text: string, scope: Scope): Candidate[] => {
  const local = readLocal(text, 'at');
  return candidatesOf(local, scope.zone.spansAround(midnightOf(local)), scope);
};

const candidates = (schedule: Schedule, scope: Scope, anchor: number): Iterable<Candidate> => {
  if (schedule.rate !== undefined) return rateCandidates(schedule.rate, anchor, scope.after);
  return schedule.cron === undefined ? atCandidates(schedule.at, scope) : cronCandidates(schedule.cron, scope);
};

/** The instant of `start` or `end`: the first of two equal local times, or the clock change if clocks skip the local time. */
const boundAt = (text: string, field: string, zone: Zone): number => {
  const local = readLocal(text, field);
  return reachedAt(local, zone.spansAround(midnightOf(local)));
};

/**
 * Generates the slots of a schedule strictly after an instant, in order. The result depends on the arguments alone.
 * A rate counts elapsed time from `anchor` (the creation of its schedule) or from a later `start`, and keeps the anchor's seconds.
 *
 * AWS documents: a cron skips a local time that does not exist, and fires once, at the first one, if it occurs twice.
 * Inferred from it: an `at` does the same; a cron with `*` hours pauses while clocks repeat an hour.
 * Also inferred: `31W` skips shorter months; `start` and `end` are inclusive.
 * Throws InvalidJob for an expression that Schedule would refuse, RangeError for an invalid instant or zone.
 */
export function* slotsAfter(schedule: Schedule, after: Date, { anchor }: { anchor: Date }): Generator<Due> {
  const zone = openZone(schedule.timezone);
  const start = schedule.start === undefined ? Number.NEGATIVE_INFINITY : boundAt(schedule.start, 'start', zone);
  const end = schedule.end === undefined ? Number.POSITIVE_INFINITY : boundAt(schedule.end, 'end', zone);
  const excluded = new Set(schedule.exclude);
  const created = Math.floor(instantOf(anchor) / 1000) * 1000;
  let last = Math.max(instantOf(after), start - 1);
  for (const candidate of candidates(
    schedule,
    { zone, dst: schedule.dst, after: last, end },
    Math.max(created, start),
  )) {
    const { instant, by } = candidate;
    if (instant > end) return;
    if (instant <= last) continue;
    last = instant;
    const skip = excluded.size > 0 && excluded.has(localDay(instant, zone)) ? 'excluded' : candidate.skip;
    yield { slot: slotAt(new Date(instant)), by, ...(skip && { skip }) };
  }
}

const localDay = (instant: number, zone: Zone): string =>
  new Date(instant + zone.offsetAt(instant)).toJSON().slice(0, 10);

/** The slots after one instant, up to and including another. Throws like `slotsAfter`. */
export const dueBetween = (schedule: Schedule, after: Date, to: Date, { anchor }: { anchor: Date }): Due[] => {
  const due: Due[] = [];
  const end = instantOf(to);
  for (const each of slotsAfter(schedule, after, { anchor })) {
    if (Date.parse(each.slot) > end) break;
    due.push(each);
  }
  return due;
};

/** The schedule's `start` and `end` in UTC, as EventBridge Scheduler takes them. */
export const boundsOf = ({ timezone, start, end }: Schedule): { start?: Slot; end?: Slot } => {
  const zone = openZone(timezone);
  const bound = (text: string, field: string) => slotAt(new Date(boundAt(text, field, zone)));
  return {
    ...(start !== undefined && { start: bound(start, 'start') }),
    ...(end !== undefined && { end: bound(end, 'end') }),
  };
};

/** Whether an instant is a slot of a schedule. Throws like `slotsAfter`. */
export const isSlotOf = (schedule: Schedule, slot: Slot, from: { anchor: Date }): boolean => {
  const due = new Date(slot);
  return dueBetween(schedule, new Date(due.getTime() - 1000), due, from).length > 0;
};

/** Whether EventBridge has nothing left to fire after an instant. Such a job needs no deployed schedule. */
export const isOver = (schedule: Schedule, after: Date): boolean => {
  const { end } = boundsOf(schedule);
  if (schedule.rate !== undefined) return end !== undefined && Date.parse(end) <= instantOf(after);
  return !slotsAfter(schedule, after, { anchor: after }).some(({ by }) => by === 'schedule');
};
