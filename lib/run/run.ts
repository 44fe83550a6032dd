import * as z from 'zod';
import { Failure } from '../failure.ts';
import { JobName, KeptJob } from '../job/job.ts';
import { compactSlot, expandSlot, Slot } from '../schedule/slot.ts';
import { Outcome } from './outcome.ts';

export const Suffix = z.string().regex(/^[a-z0-9][a-z0-9-]{0,19}$/, 'must be 1 to 20 of a-z, 0-9 and -');

/** Who wakes a job: its schedule, the watchman for a slot that nobody delivered or that EventBridge does not know, or a person. */
export const Origin = z.enum(['schedule', 'watchman', 'person']);
export type Origin = z.infer<typeof Origin>;

/** What identifies a run: its job and slot, and a suffix where a person started it. */
export type RunName = { job: string; slot: Slot; suffix?: string | undefined };

/** `<job>_20261122T070000Z[_suffix]`: the run's id and its execution's name. */
export const runId = ({ job, slot, suffix }: RunName): string =>
  [job, compactSlot(slot), ...(suffix ? [suffix] : [])].join('_');

/** The name behind a run id. Throws InvalidEvent, or InvalidSlot for its slot. */
export const runName = (id: string): RunName => {
  const [job = '', compact = '', suffix, ...more] = id.split('_');
  const good =
    JobName.safeParse(job).success &&
    /^\d{8}T\d{6}Z$/.test(compact) &&
    (suffix === undefined || Suffix.safeParse(suffix).success);
  if (!good || more.length > 0) {
    throw new Failure(
      'InvalidEvent',
      `run id: found "${id}", expected <job>_20261122T070000Z or <job>_20261122T070000Z_<suffix>`,
    );
  }
  return { job, slot: expandSlot(compact), suffix };
};

/** What happens for one slot. It keeps the job as it was when the slot fired: a deploy in mid-run changes nothing for it. */
export const Run = z
  .looseObject({
    id: z.string(),
    slot: Slot,
    suffix: Suffix.optional(),
    job: KeptJob,
    /** Who delivered its slot. Runs of earlier versions do not say. */
    origin: Origin.optional(),
    /** Every slot it stands for, its own as the last: those before had no run when they were due. */
    slots: z.array(Slot).optional(),
    /** The slot of the job's last success when it was recorded. */
    since: Slot.nullable().optional(),
    startedAt: z.string(),
    outcome: Outcome.nullable(),
    version: z.int().positive(),
  })
  .refine((run) => run.id === runId({ job: run.job.name, slot: run.slot, suffix: run.suffix }), {
    path: ['id'],
    message: 'must be that of its job, slot and suffix',
  });
export type Run = z.infer<typeof Run>;

/** `open`, or how it ended. */
export const runStatus = (run: Run): 'open' | Outcome['status'] => run.outcome?.status ?? 'open';

/** The runs of the service. */
export type Runs = {
  /** The run, read consistently, or undefined. */
  get(id: string): Promise<Run | undefined>;
  /** Creates a run of version 1 if there is none; replaces one if the stored version is the one before. Else throws RunConflict. */
  put(run: Run): Promise<void>;
  /** A job's runs, newest slot first, from `from` to `to` (slots, inclusive). One that cannot be read is left out, and told of. */
  byJob(job: string, query: { from?: Slot; to?: Slot; limit: number }): Promise<Run[]>;
  /** Every run whose slot lies on this UTC day (`2026-11-22`), newest slot first. May lag behind by a moment. One that cannot be read is left out, and told of. */
  byDay(day: string): Promise<Run[]>;
};

/** The run, which must be there. Throws UnknownRun. */
export const knownRun = async (id: string, runs: Runs): Promise<Run> => {
  const run = await runs.get(id);
  if (run) return run;
  throw new Failure('UnknownRun', `there is no run ${id}`);
};
