import type { Job } from '../job/job.ts';
import type { Run } from '../run/run.ts';
import { type Slot, slotAt } from '../schedule/slot.ts';
import { Checkpoint } from './checkpoint.ts';
import { salvagedFields } from './salvaged-fields.ts';

/** How far back slots are looked at again, in milliseconds: the oldest slot that a job may catch up. */
const againMs = 7 * 86_400_000;
/** How far back for a job without a run, in milliseconds. */
const newMs = 3_600_000;

/** Where to begin again: no slot that may still be caught up is passed over, and none from before the job's first run is expected. */
const beginning = (runs: Run[], now: Date): Slot => {
  const oldest = runs.at(-1)?.slot;
  if (oldest === undefined) return slotAt(new Date(now.getTime() - newMs));
  return slotAt(new Date(Math.min(now.getTime(), Math.max(Date.parse(oldest), now.getTime() - againMs))));
};

/**
 * A checkpoint in place of a damaged one, as version `version`: each field that can be read is kept. Else the watchman looks at the last seven days
 * again, by the schedule of the newest run; `runs` are the job's, newest first. A slot that has a run is not touched.
 */
export const salvagedCheckpoint = (
  damaged: unknown,
  { job, runs, now, version }: { job: Job; runs: Run[]; now: Date; version: number },
): { checkpoint: Checkpoint; lost: string[] } => {
  const fired = runs.find(({ origin }) => origin === 'schedule');
  const from = beginning(runs, now);
  const told = {
    accountedUpTo: from,
    lookedAt: now.toJSON(),
    schedule: (runs[0]?.job ?? job).schedule,
    anchor: fired ? { at: fired.slot, confirmed: true } : { at: from, confirmed: false },
    driftSince: null,
  };
  const { job: _job, version: _version, ...shape } = Checkpoint.shape;
  const { fields, lost } = salvagedFields(damaged, shape, told);
  return { checkpoint: Checkpoint.parse({ ...fields, job: job.name, version }), lost };
};
