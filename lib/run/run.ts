import * as z from 'zod';
import { Failure } from '../failure.ts';
import { JobName, KeptJob } from '../job/job.ts';
import { compactSlot, expandSlot, Slot } from '../schedule/slot.ts';
import { Outcome } from './outcome.ts';

export const Suffix = z.string().regex(/^[a-z0-9][a-z0-9-]{0,19}$/, 'must be 1 to 20 of a-z, 0-9 and -');

/** What started a run: the job's schedule, the watchman (for a slot that was not delivered, or that EventBridge cannot express), or a person. */
export const Origin = z.enum(['schedule', 'watchman', 'person']);
export type Origin = z.infer<typeof Origin>;

/** What identifies a run: its job, its slot, and a suffix for a manual run. */
export type RunName = { job: string; slot: Slot; suffix?: string | undefined };

/** `<job>_20261122T070000Z[_suffix]`: the run's id and its execution's name. */
export const runId = ({ job, slot, suffix }: RunName): string =>
  [job, compactSlot(slot), ...(suffix ? [suffix] : [])].join('_');

/** The parts of a run id. Throws InvalidEvent, or InvalidSlot where its slot is no instant. */
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

/** What happens for one slot. It stores the job as it was when the slot fired, so a deployment does not change a run at work. */
export const Run = z
  .looseObject({
    id: z.string(),
    slot: Slot,
    suffix: Suffix.optional(),
    job: KeptJob,
    /** Absent in runs of earlier versions. */
    origin: Origin.optional(),
    /** Every slot this run covers, oldest first, its own last. The earlier ones had no run when they were due. */
    slots: z.array(Slot).optional(),
    /** The slot of the job's last success at the time this run was recorded. */
    since: Slot.nullable().optional(),
    /** Who took its result out of what later runs see, and when. */
    forgotten: z.strictObject({ at: z.string(), by: z.string() }).optional(),
    startedAt: z.string(),
    outcome: Outcome.nullable(),
    version: z.int().positive(),
  })
  .refine((run) => run.id === runId({ job: run.job.name, slot: run.slot, suffix: run.suffix }), {
    path: ['id'],
    message: 'must be made of its job, slot and suffix',
  });
export type Run = z.infer<typeof Run>;

/** The run that the watchman would record for a slot without one. */
export const draftRun = (job: Run['job'], slot: Slot, now: Date, outcome: Outcome | null = null): Run => ({
  id: runId({ job: job.name, slot }),
  slot,
  job,
  origin: 'watchman',
  startedAt: now.toJSON(),
  outcome,
  version: 1,
});

/** A run with its outcome. */
export type EndedRun = Run & { outcome: Outcome };
export const isEnded = (run: Run): run is EndedRun => run.outcome !== null;

/** `open`, or the status of its outcome. */
export const runStatus = (run: Run): 'open' | Outcome['status'] => run.outcome?.status ?? 'open';

/** A run without its job and the slots it covers, which may be large. */
export type RunSummary = Pick<Run, 'id' | 'slot' | 'suffix' | 'origin' | 'startedAt' | 'outcome'>;

/** The runs of the service. */
export type Runs = {
  /** The run, read consistently, or undefined. */
  get(id: string): Promise<Run | undefined>;
  /** Creates a run of version 1 if there is none; replaces one if the stored version is the one before. Else throws RunConflict. */
  put(run: Run): Promise<void>;
  /** A job's runs, newest slot first, from slot `from` to slot `to`, both inclusive. Damaged runs are omitted and logged. */
  byJob(job: string, query: { from?: Slot; to?: Slot; limit: number }): Promise<Run[]>;
  /** As `byJob`, in a memory that grows with the summaries alone. With `oldestFirst`, the limit keeps the oldest. */
  summaries(
    job: string,
    query: { from?: Slot; to?: Slot; limit: number; oldestFirst?: boolean },
  ): Promise<RunSummary[]>;
  /** Every run whose slot lies on this UTC day (`2026-11-22`), newest slot first. May lag by a moment. Damaged runs are omitted and logged. */
  byDay(day: string): Promise<Run[]>;
};

/** The run. Throws UnknownRun where the store has none. */
export const existingRun = async (id: string, runs: Runs): Promise<Run> => {
  const run = await runs.get(id);
  if (run) return run;
  throw new Failure('UnknownRun', `there is no run ${id}`);
};
