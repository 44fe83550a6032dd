import { type Cron, type CronDay, parseCron } from './cron.ts';
import { Failure } from './failure.ts';
import type { Schedule } from './schedule.ts';
import { type Slot, slotAt } from './slot.ts';
import { firstInstant, midnightOf, openZone, type Zone } from './zone.ts';

const MINUTE = 60_000;
const UNIT = { minute: MINUTE, hour: 60 * MINUTE, day: 24 * 60 * MINUTE };
/** A slot has four digits for its year. */
const END = Date.UTC(10_000, 0);

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

function* cronInstants(text: string, zone: Zone, after: number): Generator<number> {
  const { value: cron, problems } = parseCron(text);
  if (!cron) throw new Failure('InvalidJob', `cron: ${problems.join('; ')}`);
  const times = cron.hours.flatMap((hour) => cron.minutes.map((minute) => (hour * 60 + minute) * MINUTE));
  for (const midnight of midnights(cron, midnightOf(after + zone.offsetAt(after)))) {
    const spans = zone.spansAround(midnight);
    for (const time of times) {
      const instant = firstInstant(midnight + time, spans);
      if (instant !== undefined && instant > after) yield instant;
    }
  }
}

function* rateInstants(text: string, anchor: number, after: number): Generator<number> {
  const [count = '', units = ''] = text.trim().split(/\s+/);
  const unit = units.replace(/s$/, '');
  const step = isUnit(unit) ? Number(count) * UNIT[unit] : 0;
  if (!(step > 0)) throw new Failure('InvalidJob', `rate: found "${text}", expected a value and a unit`);
  const passed = Math.max(0, Math.floor((after - anchor) / step) + 1);
  for (let instant = anchor + passed * step; instant < END; instant += step) yield instant;
}

function* atInstants(text: string, zone: Zone, after: number): Generator<number> {
  const local = Date.parse(`${text}Z`);
  if (Number.isNaN(local)) throw new Failure('InvalidJob', `at: found "${text}", expected yyyy-mm-ddThh:mm:ss`);
  const instant = firstInstant(local, zone.spansAround(midnightOf(local)));
  if (instant !== undefined && instant > after) yield instant;
}

const instants = (schedule: Schedule, after: number, anchor: number): Generator<number> => {
  if (schedule.rate !== undefined) return rateInstants(schedule.rate, anchor, after);
  const zone = openZone(schedule.timezone);
  return schedule.cron === undefined ? atInstants(schedule.at, zone, after) : cronInstants(schedule.cron, zone, after);
};

/**
 * The slots of a schedule strictly after an instant, in order, computed as they are asked for: the same whenever one asks.
 * A rate goes on for good, from its `anchor` (the schedule's start date, or else its creation), which is its first slot:
 * anchor + n × rate in elapsed time, to the whole second. A cron ends with its years, an `at` with its one slot.
 *
 * AWS documents: a cron time that does not exist is skipped, one that happens twice is due the first time; a day is 24 hours.
 * Inferred: the same for an `at` (so one in a gap has no slot) and for every time of a cron with `*` hours, which rests
 * while clocks repeat; the anchor's seconds stay; `31W` skips shorter months.
 * Throws InvalidJob for an expression that Schedule would refuse, RangeError for an invalid instant or zone.
 */
export function* slotsAfter(schedule: Schedule, after: Date, { anchor }: { anchor: Date }): Generator<Slot> {
  const start = Math.floor(instantOf(anchor) / 1000) * 1000;
  for (const instant of instants(schedule, instantOf(after), start)) yield slotAt(new Date(instant));
}
