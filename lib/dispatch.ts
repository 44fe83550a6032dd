import * as z from 'zod';
import { type Executions, executionInput } from './execution.ts';
import { Failure } from './failure.ts';
import type { Job, Jobs } from './job.ts';
import { modelIdForm, parseModelId } from './model-id.ts';
import type { Outcome } from './outcome.ts';
import { type Run, type Runs, runId, Suffix } from './run.ts';
import { Slot, slotAge } from './slot.ts';
import { noUsage } from './usage.ts';

/** What wakes a job: its schedule's event, or a person's, who gives a suffix and may name another model. */
export const DispatchEvent = z.strictObject({
  job: z.string(),
  slot: Slot,
  suffix: Suffix.optional(),
  model: z
    .string()
    .refine((id) => parseModelId(id) !== undefined, `must be ${modelIdForm}`)
    .optional(),
});
export type DispatchEvent = z.infer<typeof DispatchEvent>;

export type DispatchResult =
  | { status: 'started' | 'duplicate'; run: string }
  | { status: 'skipped'; run: string; why: string };

export type DispatchDeps = {
  runs: Runs;
  executions: Executions;
  jobs: Jobs;
  now(): Date;
  /** Told of each run this call, and no other, has recorded. */
  recorded(run: Run): void;
};

/** Clocks differ by this much at most, in seconds: a slot further ahead is not due and never was. */
const aheadSeconds = 60;
/** EventBridge Scheduler and Lambda deliver no event after this, in seconds (24 h + 6 h); what comes later is not a delivery. */
const lateSeconds = 30 * 3600;

/**
 * Names the run of a slot and starts it, once, however often and in whatever order the slot is delivered: the run item is
 * the guard. An open run is started again, in case its first dispatch died before it could.
 * Throws UnknownJob, and InvalidSlot for a slot that lies ahead; nothing is recorded then.
 */
export const dispatch = async (event: DispatchEvent, deps: DispatchDeps): Promise<DispatchResult> => {
  const job = await deps.jobs(event.job);
  if (!job) throw new Failure('UnknownJob', `there is no job ${JSON.stringify(event.job)}`);
  const now = deps.now();
  const age = slotAge(event.slot, now);
  if (age < -aheadSeconds)
    throw new Failure('InvalidSlot', `slot: found ${event.slot}, expected one that is due by ${now.toJSON()}`);
  const why = event.suffix ? undefined : reasonToSkip(job, age);
  const outcome: Outcome | null = why ? { status: 'skipped', why, usage: noUsage, endedAt: now.toJSON() } : null;
  const run: Run = {
    id: runId({ ...event, job: job.name }),
    slot: event.slot,
    ...(event.suffix ? { suffix: event.suffix } : {}),
    job: event.model ? { ...job, model: event.model } : job,
    startedAt: now.toJSON(),
    outcome,
    version: 1,
  };
  const { first, known } = await record(run, deps);
  if (known.outcome?.status === 'skipped' && first) return { status: 'skipped', run: run.id, why: known.outcome.why };
  if (known.outcome) return { status: 'duplicate', run: run.id };
  const started = await deps.executions.start(run.id, executionInput(run.id));
  return { status: first && started === 'started' ? 'started' : 'duplicate', run: run.id };
};

const reasonToSkip = (job: Job, ageSeconds: number): 'disabled' | 'late' | undefined => {
  if (!job.enabled) return 'disabled';
  return ageSeconds > lateSeconds ? 'late' : undefined;
};

/** The run as it stands in the table: this one if it is the first for its slot, else the one that was. */
const record = async (run: Run, deps: DispatchDeps): Promise<{ first: boolean; known: Run }> => {
  try {
    await deps.runs.put(run);
    deps.recorded(run);
    return { first: true, known: run };
  } catch (thrown) {
    if (!(thrown instanceof Failure && thrown.name === 'RunConflict')) throw thrown;
    const known = await deps.runs.get(run.id);
    if (!known) throw thrown;
    return { first: false, known };
  }
};
