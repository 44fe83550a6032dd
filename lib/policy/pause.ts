import * as z from 'zod';
import type { Slot } from '../schedule/slot.ts';
import { capped } from '../text.ts';

/** A pause of a job: by whom, since when, until when (null: until it is resumed) and why. Past pauses are kept, to explain skipped slots. */
export const Pause = z.strictObject({
  by: z.string(),
  since: z.string(),
  until: z.string().nullable(),
  note: z.string(),
});
export type Pause = z.infer<typeof Pause>;

/** How many pauses a state keeps, the latest ones, and the longest note, in UTF-8 bytes. Both bound the size of the item. */
const kept = 20;
const maxNoteBytes = 1000;

const isOver = ({ until }: Pause, now: Date): boolean => until !== null && Date.parse(until) <= now.getTime();

/** The pause in force now, or undefined. */
export const pausedNow = (pauses: Pause[], now: Date): Pause | undefined =>
  pauses.find((pause) => Date.parse(pause.since) <= now.getTime() && !isOver(pause, now));

/** The pause that applies to a slot: one during which it was due, or one in force now that ends after the slot. */
export const pauseOf = (slot: Slot, pauses: Pause[], now: Date): Pause | undefined => {
  const due = Date.parse(slot);
  const ends = ({ until }: Pause) => (until === null ? Number.POSITIVE_INFINITY : Date.parse(until));
  const holds = (pause: Pause) => due >= Date.parse(pause.since) || pausedNow([pause], now) !== undefined;
  return pauses.find((pause) => due < ends(pause) && holds(pause));
};

/** The latest pause that has not ended. It may begin a moment later, because the operator's clock differs. */
export const goingOn = (pauses: Pause[], now: Date): Pause | undefined =>
  pauses.findLast((pause) => !isOver(pause, now));

/** Ends every unfinished pause now. Operators' clocks differ, so there may be several. */
export const resumed = (pauses: Pause[], now: Date): Pause[] =>
  pauses.map((pause) => (isOver(pause, now) ? pause : { ...pause, until: now.toJSON() }));

/** The pauses with a new one. It replaces a pause that has not ended. */
export const paused = (pauses: Pause[], pause: Pause): Pause[] =>
  [...resumed(pauses, new Date(pause.since)), { ...pause, note: capped(pause.note, maxNoteBytes) }].slice(-kept);

/** `paused by ana since 2026-11-25T08:00:00.000Z until …: holiday` */
export const pauseText = ({ by, since, until, note }: Pause): string =>
  `paused by ${by} since ${since}${until === null ? '' : ` until ${until}`}${note === '' ? '' : `: ${note}`}`;
