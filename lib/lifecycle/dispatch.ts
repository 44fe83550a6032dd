import * as z from 'zod';
import { Failure } from '../failure.ts';
import type { Jobs } from '../job/job.ts';
import { modelIdForm, parseModelId } from '../job/model-id.ts';
import { type Admission, admission, leaving, placed } from '../policy/admission.ts';
import { freshState, type JobState, moved, nextState, orMoved, untilWon } from '../policy/job-state.ts';
import { isExpired, renewed } from '../policy/lease.ts';
import { executionInput } from '../run/execution.ts';
import { type Skip, skipped } from '../run/outcome.ts';
import { Origin, type Run, runId, runName, Suffix } from '../run/run.ts';
import { Slot, slotAge } from '../schedule/slot.ts';
import {
  dropLease,
  type Ended,
  isEnded,
  readable,
  release,
  releaseEnded,
  skipAndRelease,
  skipLeaving,
  skipRun,
  startQueued,
} from './release.ts';
import { died, type SettleDeps, settle, superseded } from './settle.ts';

/** How many slots a run is told that it stands for, the last ones: each of its prompts and its item may hold them. */
export const mostSlots = 500;

/** What wakes a job: its schedule's event, the watchman's, or a person's, who gives a suffix and may name another model. */
export const DispatchEvent = z.strictObject({
  job: z.string(),
  slot: Slot,
  suffix: Suffix.optional(),
  model: z
    .string()
    .refine((id) => parseModelId(id) !== undefined, `must be ${modelIdForm}`)
    .optional(),
  origin: Origin.optional(),
  /** Every slot the run stands for, its own as the last. */
  slots: z.array(Slot).max(mostSlots).optional(),
});
export type DispatchEvent = z.infer<typeof DispatchEvent>;

/** `queued`: it starts when the run before it ends. `waits`: nothing was recorded, since the watchman will bring it again. */
export type DispatchResult =
  | { status: 'started' | 'duplicate' | 'queued' | 'waits'; run: string }
  | { status: 'skipped'; run: string; why: string };

export type DispatchDeps = SettleDeps & {
  jobs: Jobs;
  /** Told of each run this call, and no other, has recorded. */
  recorded(run: Run): void;
};

/** Clocks differ by this much at most, in seconds: a slot further ahead is not due and never was. */
const aheadSeconds = 60;

/**
 * Names the run of a slot and starts it, once, however often and in whatever order the slot is delivered: the run item is
 * the guard. An open run is started again, in case its first dispatch died before it could.
 *
 * The job's state is put before the run: whoever dies in between leaves a place that the next delivery, or the watchman, fills.
 * Throws UnknownJob, and InvalidSlot for a slot that lies ahead; nothing is recorded then. Throws JobConflict after too many lost races.
 */
export const dispatch = async (event: DispatchEvent, deps: DispatchDeps): Promise<DispatchResult> => {
  const job = await deps.jobs(event.job);
  if (!job) throw new Failure('UnknownJob', `there is no job ${JSON.stringify(event.job)}`);
  const now = deps.now();
  if (slotAge(event.slot, now) < -aheadSeconds)
    throw new Failure('InvalidSlot', `slot: found ${event.slot}, expected one that is due by ${now.toJSON()}`);
  const { slot, suffix, model, slots } = event;
  const draft: Run = {
    id: runId({ job: job.name, slot, suffix }),
    slot,
    ...(suffix ? { suffix } : {}),
    job: model ? { ...job, model } : job,
    origin: event.origin ?? (suffix ? 'person' : 'schedule'),
    ...(slots ? { slots } : {}),
    startedAt: now.toJSON(),
    outcome: null,
    version: 1,
  };
  const delivery = { recorded: false, deps };
  return untilWon(() => oneTry(draft, delivery));
};

/** One delivery of a slot. `recorded`: it was the one to record its run. */
type Delivery = { recorded: boolean; deps: DispatchDeps };

/** What a look found: the run as it is or is to be recorded, whether it is, and the job's state. */
type Seen = { run: Run; known: Run | undefined; state: JobState };

/** Looks at the state, then at the run, and carries out one decision. Throws JobConflict where the world has moved meanwhile. */
const oneTry = async (draft: Run, delivery: Delivery): Promise<DispatchResult> => {
  const { deps } = delivery;
  const { id, job } = draft;
  const state = (await deps.stores.states.get(job.name)) ?? freshState(job.name);
  const known = await deps.stores.runs.get(id);
  const lease = state.open.find((one) => one.run === id);
  if (isEnded(known)) return over(known, lease !== undefined || state.queued === id, delivery);
  if (await skipLeaving(state.open, deps, id)) throw moved(id);
  const seen: Seen = { run: known ?? { ...draft, since: state.lastSuccess }, known, state };
  if (lease?.skip) return skip(lease.skip, seen, delivery);
  if (lease) {
    if (!known) await deps.stores.states.put(anew(seen, deps.now()));
    return start(seen, delivery);
  }
  const free = !state.open.some((lease) => lease.holds);
  if (free && state.queued !== null && (await startQueued(job.name, null, deps))) throw moved(id);
  return carryOutAdmission(decide(seen, deps.now()), seen, delivery);
};

/** Whoever put its place died before he could record it: its lease begins anew, so that nobody drops it as lost meanwhile. */
const anew = ({ run, state }: Seen, now: Date): JobState => nextState(state, { open: renewed(state.open, run, now) });

/** It has its outcome, which may be this delivery's own doing, and perhaps a place still. */
const over = async (run: Ended, isPlaced: boolean, { recorded, deps }: Delivery): Promise<DispatchResult> => {
  if (isPlaced) await release(run, deps);
  const { id, outcome } = run;
  return recorded && outcome.status === 'skipped'
    ? { status: 'skipped', run: id, why: outcome.why }
    : { status: 'duplicate', run: id };
};

/** A run that is open without a place was begun by a version that kept none: it may be at work, and gets one. */
const decide = ({ run, known, state }: Seen, now: Date): Admission =>
  known !== undefined && state.queued !== run.id
    ? { kind: 'start', state: placed(run, state, now) }
    : admission(run, state, now);

/** Whether it is other runs of the job that keep this one from starting. */
const isForOthers = (decided: Admission): boolean =>
  decided.kind === 'wait' ||
  decided.kind === 'queue' ||
  (decided.kind === 'skip' && (decided.skip.why === 'overlap' || decided.skip.why === 'breaker'));

const carryOutAdmission = async (decided: Admission, seen: Seen, delivery: Delivery): Promise<DispatchResult> => {
  const { run, state } = seen;
  const { deps } = delivery;
  if (isForOthers(decided) && (await releaseEnded(state, deps))) throw moved(run.id);
  switch (decided.kind) {
    case 'wait':
      return { status: 'waits', run: run.id };
    case 'skip':
      return skip(decided.skip, seen, delivery);
    case 'end-first':
      for (const stuck of decided.stuck) await end(stuck, run.job.name, died(stuck, 'TIMED_OUT'), deps);
      throw moved(run.id);
    case 'start':
      await deps.stores.states.put(decided.state);
      return start(seen, delivery);
    case 'queue':
      return queue(decided, seen, delivery);
  }
};

/** Waits for its place. What it supersedes ends only then, so that the job is never left without either. */
const queue = async (
  { state, superseded: older, replaced }: Extract<Admission, { kind: 'queue' }>,
  { run, known, state: seen }: Seen,
  delivery: Delivery,
): Promise<DispatchResult> => {
  const { deps } = delivery;
  if (seen.queued !== run.id) await deps.stores.states.put(state);
  if (!known) await record(run, delivery);
  if (replaced) await giveWay(replaced, run, deps);
  for (const old of older) await supersede(old, run, deps);
  if (older.length > 0) throw moved(run.id);
  return { status: 'queued', run: run.id };
};

/** Records the run. Throws JobConflict where another delivery has. */
const record = async (run: Run, delivery: Delivery): Promise<void> => {
  await orMoved(run.id, delivery.deps.stores.runs.put(run));
  delivery.recorded = true;
  delivery.deps.recorded(run);
};

/** The run has its place: it is recorded if it is not, and started, whoever may have done so before. */
const start = async ({ run, known }: Seen, delivery: Delivery): Promise<DispatchResult> => {
  if (!known) await record(run, delivery);
  const started = await delivery.deps.executions.start(run.id, executionInput(run));
  return { status: delivery.recorded && started === 'started' ? 'started' : 'duplicate', run: run.id };
};

/** Records the slot as skipped. A run that waited leaves the queue first, so that nobody starts it meanwhile. */
const skip = async (why: Skip, { run, known, state }: Seen, delivery: Delivery): Promise<DispatchResult> => {
  const { deps } = delivery;
  const isQueued = state.queued === run.id;
  if (isQueued) await deps.stores.states.put(leaving(state, why, deps.now()));
  const ended = { ...run, outcome: skipped(why, deps.now()) };
  if (!known) await record(ended, delivery);
  if (known) await skipAndRelease(known, why, deps);
  else if (isQueued || state.open.some((lease) => lease.run === run.id)) await release(ended, deps);
  return { status: 'skipped', run: run.id, why: why.why };
};

/** A run of a job that its own delivery has not recorded yet. */
const unrecorded = (id: string, { job, startedAt }: Run): Run => ({
  id,
  slot: runName(id).slot,
  job,
  startedAt,
  outcome: null,
  version: 0,
});

/** The run whose place in the queue is taken is skipped, recorded or not. */
const giveWay = async (old: { run: string; skip: Skip }, to: Run, deps: DispatchDeps): Promise<void> => {
  const run = await readable(old.run, deps.stores.runs);
  if (run === 'damaged') await dropLease(old.run, to.job.name, deps.stores.states);
  else await skipAndRelease(run ?? unrecorded(old.run, to), old.skip, deps);
};

/** Ends a run for a newer one. Where its own delivery has yet to record it, that one finds it skipped, and does not begin it. */
const supersede = async (old: string, by: Run, deps: DispatchDeps): Promise<void> => {
  const why: Skip = { why: 'overlap', message: `${by.id} took its place`, by: by.id };
  if ((await readable(old, deps.stores.runs)) === undefined) await skipRun(unrecorded(old, by), why, deps);
  await end(old, by.job.name, died(old, 'ABORTED', superseded), deps);
};

/**
 * Ends a run from outside: its outcome first, which also stops what its attempt may still do in the world, then its execution. A run that cannot
 * be read holds nobody up: it loses its place, and so does one past its lease that nobody has recorded.
 */
export const end = async (
  runId: string,
  job: string,
  how: ReturnType<typeof died>,
  deps: SettleDeps,
): Promise<void> => {
  try {
    await orMoved(runId, settle(how, deps));
  } catch (thrown) {
    const name = thrown instanceof Failure ? thrown.name : undefined;
    if (name === 'UnknownRun')
      return dropLease(runId, job, deps.stores.states, (lease) => isExpired(lease, deps.now()));
    if (name !== 'DamagedItem') throw thrown;
    await dropLease(runId, job, deps.stores.states);
  }
  await deps.executions.stop(runId, how.detail.error ?? 'States.Timeout');
};
