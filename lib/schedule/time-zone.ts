import type { Slot } from './slot.ts';

const SECOND = 1000;
const DAY = 86_400_000;

/** A stretch of time with one offset, in milliseconds: from `from`, which is in it, to `to`, which is not. */
export type Span = { from: number; to: number; offset: number };

/**
 * The clock of one time zone. A local time is a number too: the milliseconds it would be if it were UTC.
 * It keeps the offsets it has looked up, so open one for each question and let it go with the answer.
 */
export type Zone = {
  /** Milliseconds east of UTC at an instant. An invalid instant is a RangeError. */
  offsetAt: (instant: number) => number;
  /** The spans in which the local day that begins at this midnight can lie, in order and without holes. */
  spansAround: (midnight: number) => Span[];
};

/** Intl's long offset: `GMT+05:45`, with seconds before some zones took whole minutes (Liberia in 1972). */
const readOffset = (text: string): number => {
  const [, sign, hours, minutes, seconds = 0] = /([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(text) ?? [];
  if (sign === undefined) return 0;
  const size = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  return size * (sign === '-' ? -SECOND : SECOND);
};

/**
 * Opens a time zone of the tz database, as Intl knows it. An unknown zone is a RangeError.
 * Relies on no zone changing its offset twice between two UTC midnights, which none has done since 1970.
 */
export const openZone = (name: string): Zone => {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  const known = new Map<number, number>();

  const offsetAt = (instant: number): number => {
    const offset = known.get(instant) ?? readOffset(format.format(instant));
    known.set(instant, offset);
    return offset;
  };

  /** The instants between the two at which the offset changes: none or one. */
  const changes = (from: number, to: number): number[] => {
    if (offsetAt(from) === offsetAt(to)) return [];
    let [before, after] = [from, to];
    while (after - before > SECOND) {
      const middle = before + Math.floor((after - before) / (2 * SECOND)) * SECOND;
      if (offsetAt(middle) === offsetAt(to)) after = middle;
      else before = middle;
    }
    return [after];
  };

  return {
    offsetAt,
    // No offset reaches a day, so the UTC days next to this one are wide enough.
    spansAround: (midnight) => {
      const [first, end] = [midnight - DAY, midnight + 2 * DAY];
      const days = [first, midnight, midnight + DAY];
      const starts = [first, ...days.flatMap((day) => changes(day, day + DAY))];
      return starts.map((from, index) => ({ from, to: starts[index + 1] ?? end, offset: offsetAt(from) }));
    },
  };
};

/** The midnight with which the day of a local time begins. */
export const midnightOf = (local: number): number => Math.floor(local / DAY) * DAY;

/** The instants at which a local time happens, in order: none where clocks jump over it, two where they go back over it. */
export const instantsOf = (local: number, spans: Span[]): number[] =>
  spans
    .filter(({ from, to, offset }) => local - offset >= from && local - offset < to)
    .map(({ offset }) => local - offset);

/** When a local time is reached: the first instant at which it happens or, where clocks jump over it, that of the jump. */
export const reachedAt = (local: number, spans: Span[]): number => {
  const span = spans.find(({ to, offset }) => local < to + offset);
  return span ? Math.max(span.from, local - span.offset) : Number.NaN;
};

/** How a slot reads on the wall: `2026-03-29 03:00` at `+02:00`, and whether its day is one on which clocks change. */
export type WallTime = {
  slot: Slot;
  local: string;
  offset: string;
  note?: 'clocks go forward that day' | 'clocks go back that day';
};

/** Without seconds, but where there are some. */
const shown = (text: string): string => text.replace(/:00$/, '');

const shownOffset = (offset: number): string =>
  `${offset < 0 ? '-' : '+'}${shown(new Date(Math.abs(offset)).toJSON().slice(11, 19))}`;

/** A day has a note if one of its local times does not exist or happens twice. */
const noteOn = (midnight: number, zone: Zone): WallTime['note'] => {
  const spans = zone.spansAround(midnight);
  for (const [index, { to, offset }] of spans.slice(0, -1).entries()) {
    const next = spans[index + 1]?.offset ?? offset;
    const [low, high] = [to + Math.min(offset, next), to + Math.max(offset, next)];
    if (low < midnight + DAY && high > midnight) {
      return next > offset ? 'clocks go forward that day' : 'clocks go back that day';
    }
  }
  return undefined;
};

/** The local time of a slot, for people to read. An invalid slot is a RangeError. */
export const wallTime = (slot: Slot, zone: Zone): WallTime => {
  const instant = Date.parse(slot);
  const offset = zone.offsetAt(instant);
  const local = instant + offset;
  const text = new Date(local).toJSON().slice(0, 19).replace('T', ' ');
  const note = noteOn(midnightOf(local), zone);
  return { slot, local: shown(text), offset: shownOffset(offset), ...(note && { note }) };
};
