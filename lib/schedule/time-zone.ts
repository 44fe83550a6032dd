import type { Slot } from './slot.ts';

const SECOND = 1000;
const DAY = 86_400_000;

/** A period with one UTC offset, in milliseconds: `from` is included, `to` is not. */
export type Span = { from: number; to: number; offset: number };

/**
 * The clock of one time zone. A local time is a number too: the milliseconds it would be if it were UTC.
 * A zone caches the offsets it looked up, so open one per computation and do not keep it.
 */
export type Zone = {
  /** The offset east of UTC at an instant, in milliseconds. Throws RangeError for an invalid instant. */
  offsetAt: (instant: number) => number;
  /** The spans that the local day starting at this midnight can lie in, in order and without gaps. */
  spansAround: (midnight: number) => Span[];
};

/** Reads Intl's long offset, `GMT+05:45`. Some zones once had seconds in their offset (Liberia until 1972). */
const readOffset = (text: string): number => {
  const [, sign, hours, minutes, seconds = 0] = /([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(text) ?? [];
  if (sign === undefined) return 0;
  const size = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  return size * (sign === '-' ? -SECOND : SECOND);
};

/**
 * Opens a time zone of the tz database by its Intl name. Throws RangeError for an unknown zone.
 * Assumes that no zone changes its offset twice between two UTC midnights; none has since 1970.
 */
export const openZone = (name: string): Zone => {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  const offsets = new Map<number, number>();

  const offsetAt = (instant: number): number => {
    const offset = offsets.get(instant) ?? readOffset(format.format(instant));
    offsets.set(instant, offset);
    return offset;
  };

  /** The instant between two others at which the offset changes: none or one. */
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
    // Offsets are shorter than a day, so one UTC day on either side is enough.
    spansAround: (midnight) => {
      const [first, end] = [midnight - DAY, midnight + 2 * DAY];
      const days = [first, midnight, midnight + DAY];
      const starts = [first, ...days.flatMap((day) => changes(day, day + DAY))];
      return starts.map((from, index) => ({ from, to: starts[index + 1] ?? end, offset: offsetAt(from) }));
    },
  };
};

/** The midnight that starts the day of a local time. */
export const midnightOf = (local: number): number => Math.floor(local / DAY) * DAY;

/** The instants of a local time, in order: none if clocks skip it, two if clocks go back over it. */
export const instantsOf = (local: number, spans: Span[]): number[] =>
  spans
    .filter(({ from, to, offset }) => local - offset >= from && local - offset < to)
    .map(({ offset }) => local - offset);

/** The first instant at which clocks show a local time or later. If clocks skip it, that is the clock change. */
export const reachedAt = (local: number, spans: Span[]): number => {
  const span = spans.find(({ to, offset }) => local < to + offset);
  return span ? Math.max(span.from, local - span.offset) : Number.NaN;
};

/** A slot in local time, `2026-03-29 03:00` at `+02:00`, with a note if clocks change on that day. */
export type WallTime = {
  slot: Slot;
  local: string;
  offset: string;
  note?: 'clocks go forward that day' | 'clocks go back that day';
};

/** Drops the seconds if they are zero. */
const shown = (text: string): string => text.replace(/:00$/, '');

const shownOffset = (offset: number): string =>
  `${offset < 0 ? '-' : '+'}${shown(new Date(Math.abs(offset)).toJSON().slice(11, 19))}`;

/** The note of a day on which some local time does not exist or occurs twice. */
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

/** The local time of a slot, for people. Throws RangeError for an invalid slot. */
export const wallTime = (slot: Slot, zone: Zone): WallTime => {
  const instant = Date.parse(slot);
  const offset = zone.offsetAt(instant);
  const local = instant + offset;
  const text = new Date(local).toJSON().slice(0, 19).replace('T', ' ');
  const note = noteOn(midnightOf(local), zone);
  return { slot, local: shown(text), offset: shownOffset(offset), ...(note && { note }) };
};
