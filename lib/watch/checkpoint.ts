import * as z from 'zod';
import type { Schedule } from '../schedule/schedule.ts';
import { Slot } from '../schedule/slot.ts';

/** A schedule that an earlier version may have written, so its fields are not validated again. */
const SeenSchedule = z.looseObject({ timezone: z.string() }) as unknown as z.ZodType<Schedule>;

/**
 * How far the watchman has checked a job: every slot up to `accountedUpTo` has a run, or was not due. `anchor` is the instant since which the schedule
 * is in force and from which a rate counts: once `confirmed`, a slot that it fired at.
 */
export const Checkpoint = z.looseObject({
  job: z.string(),
  accountedUpTo: Slot,
  /** When the watchman last checked, to the hour. `accountedUpTo` may be older, where a slot has to wait. */
  lookedAt: z.string(),
  /** The schedule by which slots were expected. Null: the job was disabled or not deployed, so none were. */
  schedule: SeenSchedule.nullable(),
  anchor: z.strictObject({ at: Slot, confirmed: z.boolean() }),
  /** Since when the schedule at Scheduler has differed from the job file. */
  driftSince: z.string().nullable(),
  version: z.int().positive(),
});
export type Checkpoint = z.infer<typeof Checkpoint>;

/** The watchman's checkpoints, one for each job. */
export type Checkpoints = {
  /** The last checkpoint, read consistently, or undefined. */
  get(job: string): Promise<Checkpoint | undefined>;
  /** Creates version 1 where there is none, or replaces the version before. Otherwise throws JobConflict. */
  put(checkpoint: Checkpoint): Promise<void>;
};
