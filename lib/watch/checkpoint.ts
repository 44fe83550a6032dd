import * as z from 'zod';
import type { Schedule } from '../schedule/schedule.ts';
import { Slot } from '../schedule/slot.ts';

/** A schedule as it was seen, read by its shape alone. Null: the job was disabled, and nothing was due. */
const SeenSchedule = z.looseObject({ timezone: z.string() }) as unknown as z.ZodType<Schedule>;

/**
 * What the watchman knows of a job since it last looked. Every slot up to `to` is accounted for. `anchor` is since when
 * the schedule is in force; for a rate, where it counts from: an instant it was seen to fire at, once it is `confirmed`.
 */
export const Checkpoint = z.looseObject({
  job: z.string(),
  accountedUpTo: Slot,
  /** When somebody looked, to the hour: \`to\` may stay behind, where a slot has to wait. */
  lookedAt: z.string(),
  schedule: SeenSchedule.nullable(),
  anchor: z.strictObject({ at: Slot, confirmed: z.boolean() }),
  /** Since when the schedule as it stands at Scheduler has differed from the job file. */
  driftSince: z.string().nullable(),
  version: z.int().positive(),
});
export type Checkpoint = z.infer<typeof Checkpoint>;

/** The watchman's looks, one for each job. */
export type Checkpoints = {
  /** The last look, read consistently, or undefined. */
  get(job: string): Promise<Checkpoint | undefined>;
  /** Creates a look of version 1 if there is none; replaces one if the stored version is the one before. Else throws JobConflict. */
  put(look: Checkpoint): Promise<void>;
};
