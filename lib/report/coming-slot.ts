import type { Job } from '../job/job.ts';
import { refusal } from '../policy/admission.ts';
import type { JobState } from '../policy/job-state.ts';
import type { Skip } from '../run/outcome.ts';
import { draftRun } from '../run/run.ts';
import { type Due, slotsAfter } from '../schedule/calendar.ts';

/** A slot ahead. `refused`: why it would be skipped as things are now. */
export type ComingSlot = { due: Due; refused: Skip | undefined };

/** The next slots of a job, at most `count`. A rate counts from `anchor`. Throws like `slotsAfter`. */
export const comingSlots = (
  job: Job,
  { anchor, state, now, count }: { anchor: Date; state: JobState; now: Date; count: number },
): ComingSlot[] =>
  slotsAfter(job.schedule, now, { anchor })
    .take(count)
    .map((due) => ({ due, refused: refusal(draftRun(job, due.slot, now), state, new Date(due.slot)) }))
    .toArray();
