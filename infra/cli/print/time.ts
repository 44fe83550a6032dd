import { Failure } from '../../../lib/failure.ts';
import { localDate, weekday } from '../../../lib/schedule/local-date.ts';
import { localTimeProblems } from '../../../lib/schedule/local-time.ts';
import { Slot, slotAt } from '../../../lib/schedule/slot.ts';
import { instantsOf, midnightOf, openZone, reachedAt, wallTime } from '../../../lib/schedule/time-zone.ts';

/**
 * A typed time. `instants`: every instant it can mean, which is none or two when clocks change. `reached`: when clocks first show it or a later time.
 * `end`: the last millisecond of its minute, or of its day where no time of day was typed.
 */
export type Typed = { instants: number[]; reached: number; end: number };

const minute = 60_000;
const day = 24 * 60 * minute;

const form = 'a local time like "2026-11-25 09:00", 09:00 for today, or a slot like 2026-11-25T08:00:00Z';

const wrong = (option: string, text: string, expected: string): Failure =>
  new Failure('InvalidSlot', `${option}: found "${text}", expected ${expected}`);

const utc = (text: string): number | undefined => {
  const whole = /:\d\d:\d\dZ$/.test(text) ? text : text.replace(/Z$/, ':00Z');
  return Slot.safeParse(whole).success ? Date.parse(whole) : undefined;
};

const pattern = /^(?:(\d{4}-\d\d-\d\d)(?:[T ]|$))?(\d\d:\d\d(?::\d\d)?)?$/;

/** Reads a typed time: local to the zone, or a slot in UTC. A time of day alone is of today. Throws InvalidSlot, which names the option. */
export const typedTime = (text: string, option: string, zone: string, now: Date): Typed => {
  if (text.endsWith('Z')) {
    const instant = utc(text);
    if (instant === undefined) throw wrong(option, text, form);
    return { instants: [instant], reached: instant, end: instant + minute - 1 };
  }
  const [, date, time] = pattern.exec(text) ?? [];
  if (date === undefined && time === undefined) throw wrong(option, text, form);
  const seconds = (time ?? '00:00').padEnd(8, ':00');
  const localTimeText = `${date ?? localDate(now, zone)}T${seconds}`;
  const [problem] = localTimeProblems(localTimeText);
  if (problem !== undefined) throw new Failure('InvalidSlot', `${option}: "${text}": ${problem}`);
  const local = Date.parse(`${localTimeText}Z`);
  const spans = openZone(zone).spansAround(midnightOf(local));
  const [instants, reached] = [instantsOf(local, spans), reachedAt(local, spans)];
  const last = (instants.at(-1) ?? reached) + minute;
  return { instants, reached, end: (time === undefined ? reachedAt(local + day, spans) : last) - 1 };
};

/** An instant in a time zone: `Wed 2026-11-25 09:00`, with seconds where they are not 0. */
export const localText = (instant: string | Date, zone: string): string => {
  const slot = slotAt(new Date(instant));
  return `${weekday(slot, zone).slice(0, 3)} ${wallTime(slot, openZone(zone)).local}`;
};

const instant = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;

/** A recorded message with its UTC instants converted to a time zone. */
export const localized = (message: string, zone: string): string =>
  message.replaceAll(instant, (found) => localText(found, zone));

/** A rounded duration of so many milliseconds: `3 min`, `2 h 05 min`, `4 days`. */
export const about = (ms: number): string => {
  const minutes = Math.round(Math.abs(ms) / minute);
  if (minutes < 1) return `${Math.round(Math.abs(ms) / 1000)} s`;
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  if (minutes < 48 * 60)
    return `${Math.floor(minutes / 60)} h${rest === 0 ? '' : ` ${String(rest).padStart(2, '0')} min`}`;
  return `${Math.round(minutes / 60 / 24)} days`;
};
