import * as z from 'zod';
import type { Slot } from '../schedule/slot.ts';
import { capped } from '../text.ts';

/** Who stopped a job from starting, when, until when (null: until it is resumed) and why. Kept when it is over, so that it can be told of. */
export const Pause = z.strictObject({
  by: z.string(),
  since: z.string(),
  until: z.string().nullable(),
  note: z.string(),
});
export type Pause = z.infer<typeof Pause>;

/** How many pauses are remembered, the last ones, and how much of a note, in UTF-8 bytes: a state is one item, of bounded size. */
const kept = 20;
const maxNoteBytes = 1000;

const isOver = ({ until }: Pause, now: Date): boolean => until !== null && Date.parse(until) <= now.getTime();

/** The pause a job is in, if it is in one. */
export const pausedNow = (pauses: Pause[], now: Date): Pause | undefined =>
  pauses.find((pause) => Date.parse(pause.since) <= now.getTime() && !isOver(pause, now));

/** The pause a slot falls into: it was due during it, or is delivered during it and due before its end. */
export const pauseOf = (slot: Slot, pauses: Pause[], now: Date): Pause | undefined => {
  const due = Date.parse(slot);
  const ends = ({ until }: Pause) => (until === null ? Number.POSITIVE_INFINITY : Date.parse(until));
  const holds = (pause: Pause) => due >= Date.parse(pause.since) || pausedNow([pause], now) !== undefined;
  return pauses.find((pause) => due < ends(pause) && holds(pause));
};

/** The last pause that was put and has not ended. It may begin in a moment, by the clock of whoever put it. */
export const goingOn = (pauses: Pause[], now: Date): Pause | undefined =>
  pauses.findLast((pause) => !isOver(pause, now));

/** The pauses without any that goes on: they end now. Persons' clocks differ, so that there may be several. */
export const resumed = (pauses: Pause[], now: Date): Pause[] =>
  pauses.map((pause) => (isOver(pause, now) ? pause : { ...pause, until: now.toJSON() }));

/** The pauses with a new one, which takes the place of one that goes on. */
export const paused = (pauses: Pause[], pause: Pause): Pause[] =>
  [...resumed(pauses, new Date(pause.since)), { ...pause, note: capped(pause.note, maxNoteBytes) }].slice(-kept);

/** `paused by ana since 2026-11-25T08:00:00.000Z until …: holiday` */
export const pauseText = ({ by, since, until, note }: Pause): string =>
  `paused by ${by} since ${since}${until === null ? '' : ` until ${until}`}${note === '' ? '' : `: ${note}`}`;
