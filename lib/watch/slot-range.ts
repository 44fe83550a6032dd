import * as z from 'zod';
import { Slot } from '../schedule/slot.ts';

/**
 * Slots that the watchman closed together, because it was away too long to judge each. A slot from `from` to `to`, both inclusive, that has no run
 * is missed.
 */
export const SlotRange = z.looseObject({
  job: z.string(),
  from: Slot,
  to: Slot,
  closedAt: z.string(),
  version: z.int().positive(),
});
export type SlotRange = z.infer<typeof SlotRange>;

/** The ranges of slots that the watchman closed. */
export type SlotRanges = {
  /** The range of a job that begins at this slot, read consistently, or undefined. */
  get(job: string, from: Slot): Promise<SlotRange | undefined>;
  /** Creates version 1 where there is none, or replaces the version before. Otherwise throws JobConflict. */
  put(range: SlotRange): Promise<void>;
  /** A job's ranges that begin at or before a slot, latest first. Damaged ranges are omitted and logged. */
  byJob(job: string, query: { to: Slot; limit: number }): Promise<SlotRange[]>;
};

/** How many ranges are searched for a slot. Ranges overlap only where the watchman died between a range and its checkpoint. */
const mostRanges = 20;

/** The range that a slot without a run is missed in, or undefined. */
export const rangeOf = async (job: string, slot: Slot, ranges: SlotRanges): Promise<SlotRange | undefined> =>
  (await ranges.byJob(job, { to: slot, limit: mostRanges })).find(({ to }) => slot <= to);
