import * as z from 'zod';
import { Failure } from '../failure.ts';
import type { Jobs } from '../job/job.ts';
import { modelIdForm, parseModelId } from '../job/model-id.ts';
import { type Admission, admission, leaving, placed } from '../policy/admission.ts';
import {
  freshState,
  isListed,
  type JobState,
  jobConflict,
  nextState,
  orJobConflict,
  untilWon,
} from '../policy/job-state.ts';
import { isExpired, renewed } from '../policy/lease.ts';
import { executionInput } from '../run/execution.ts';
import { knownRun } from '../run/known-run.ts';
import type { Observer } from '../run/observer.ts';
import { type Skip, skipped } from '../run/outcome.ts';
import { type EndedRun, Origin, type Run, runId, runName, Suffix } from '../run/run.ts';
import { Slot, slotAge, slotAt } from '../schedule/slot.ts';
import { dropLease, release, releaseEnded, skipAndRelease, skipLeaving, skipRun, startQueued } from './release.ts';
import { type Death, type SettleDeps, settle, superseded } from './settle.ts';

/** How many slots a run may list as covered: its item and each of its prompts hold them. */
export const mostSlots = 500;

/** A slot to run: from the job's schedule, from the watchman, or by hand. Runs by hand have a suffix and may name another model. */
export const DispatchEvent = z.strictObject({
  job: z.string(),
  slot: Slot,
  suffix: Suffix.optional(),
  model: z
    .string()
    .refine((id) => parseModelId(id) !== undefined, `must be ${modelIdForm}`)
    .optional(),
  origin: Origin.optional(),
  /** Every slot the run covers, oldest first, its own last. */
  slots: z.array(Slot).max(mostSlots).optional(),
});
export type DispatchEvent = z.infer<typeof DispatchEvent>;

/** `queued`: the run starts when the run before it ends. `waits`: nothing was recorded, and the watchman delivers the slot again later. */
export type DispatchResult =
  | { status: 'started' | 'duplicate' | 'queued' | 'waits'; run: string }
  | { status: 'skipped'; run: string; why: string };

export type DispatchDeps = SettleDeps & { jobs: Jobs; observer: Pick<Observer, 'runRecorded'> };

/** How long after a slot its delivery may still arrive, in milliseconds: Scheduler fires within the minute, and Lambda may try twice more. */
export const graceMs = 3 * 60_000;

/** How far a slot may lie ahead of this clock, in seconds. Clocks differ by less, so a slot further ahead is not due. */
const aheadSeconds = 60;

/**
 * Starts the run of a slot once, however often and in whatever order the slot is delivered. The job's state is put before the run, so a
 * process that dies in between leaves a lease that the next delivery, or the watchman, turns into a run.
 *
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
  const delivery = { hasRecorded: false, deps };
  return untilWon(async () => deliver(await withPromised(draft, deps), delivery));
};

/**
 * Adds the slots that recorded slots promised this run to cover. The check that recorded them died before it delivered the run, and now the late
 * delivery of the run's own slot comes, which knows of no other. Nobody promises a run before its delivery is late.
 */
const withPromised = async (draft: Run, { stores, now }: DispatchDeps): Promise<Run> => {
  const { id, slot, slots, suffix, job } = draft;
  if (slots || suffix || job.catchUp.policy !== 'latest' || slotAge(slot, now()) * 1000 < graceMs) return draft;
  const from = slotAt(new Date(Date.parse(slot) - job.catchUp.withinSeconds * 1000));
  const before = await stores.runs.summaries(job.name, { from, to: slot, limit: mostSlots });
  const promised = before.filter(
    ({ outcome }) => outcome?.status === 'skipped' && outcome.why === 'caught-up' && outcome.by === id,
  );
  if (promised.length === 0) return draft;
  return { ...draft, slots: [...promised.map((run) => run.slot).reverse(), slot].slice(-mostSlots) };
};

/** One delivery of a slot. `hasRecorded`: this delivery, and no other, recorded the run. */
type Delivery = { hasRecorded: boolean; deps: DispatchDeps };

/** What one try read: the run, as it is recorded or as it would be, and the job's state. */
type Seen = { run: Run; isRecorded: boolean; state: JobState };

/** Reads the state, then the run, and carries out one decision. Throws JobConflict where another process changed either meanwhile. */
const deliver = async (draft: Run, delivery: Delivery): Promise<DispatchResult> => {
  const { deps } = delivery;
  const { id, job } = draft;
  const state = (await deps.stores.states.get(job.name)) ?? freshState(job.name);
  const known = await knownRun(id, deps.stores.runs);
  if (known.is === 'damaged') throw known.failure;
  const lease = state.open.find((one) => one.run === id);
  if (known.is === 'ended') return reportEnded(known.run, state, delivery);
  if (await skipLeaving(state.open, deps, id)) throw jobConflict(id);
  const isRecorded = known.is !== 'unrecorded';
  const seen: Seen = { run: isRecorded ? known.run : { ...draft, since: state.lastSuccess }, isRecorded, state };
  if (lease?.skip) return skip(lease.skip, seen, delivery);
  if (lease) {
    if (!isRecorded) await deps.stores.states.put(withRenewedLease(seen, deps.now()));
    return start(seen, delivery);
  }
  const isFree = !state.open.some((lease) => lease.holds);
  if (isFree && state.queued !== null && (await startQueued(job.name, {}, deps))) throw jobConflict(id);
  return carryOut(decide(seen, deps.now()), seen, delivery);
};

/** An earlier delivery put the lease and died before it recorded the run. The lease starts over, so that the watchman keeps it meanwhile. */
const withRenewedLease = ({ run, state }: Seen, now: Date): JobState =>
  nextState(state, { open: renewed(state.open, run, now) });

/** Reports a run that has its outcome, which this delivery itself may have recorded, and releases it if the state still lists it. */
const reportEnded = async (
  run: EndedRun,
  state: JobState,
  { hasRecorded, deps }: Delivery,
): Promise<DispatchResult> => {
  if (isListed(state, run.id)) await release(run, deps);
  const { id, outcome } = run;
  return hasRecorded && outcome.status === 'skipped'
    ? { status: 'skipped', run: id, why: outcome.why }
    : { status: 'duplicate', run: id };
};

/** An open run without a lease was started by a version that kept none. It may be at work, so it gets a lease. */
const decide = ({ run, isRecorded, state }: Seen, now: Date): Admission =>
  isRecorded && state.queued !== run.id
    ? { kind: 'start', state: placed(run, state, now) }
    : admission(run, state, now);

/** Whether other runs of the job are the reason that this one does not start. */
const isForOthers = (decided: Admission): boolean =>
  decided.kind === 'wait' ||
  decided.kind === 'queue' ||
  (decided.kind === 'skip' && (decided.skip.why === 'overlap' || decided.skip.why === 'breaker'));

const carryOut = async (decided: Admission, seen: Seen, delivery: Delivery): Promise<DispatchResult> => {
  const { run, state } = seen;
  const { deps } = delivery;
  if (isForOthers(decided) && (await releaseEnded(state, deps))) throw jobConflict(run.id);
  switch (decided.kind) {
    case 'wait':
      return { status: 'waits', run: run.id };
    case 'skip':
      return skip(decided.skip, seen, delivery);
    case 'end-first':
      for (const stuck of decided.stuck) await endRun(run.job.name, { runId: stuck, status: 'TIMED_OUT' }, deps);
      throw jobConflict(run.id);
    case 'start':
      await deps.stores.states.put(decided.state);
      return start(seen, delivery);
    case 'queue':
      return queue(decided, seen, delivery);
  }
};

/** Queues the run. The runs it supersedes end afterwards, so that the job always has either them or this one. */
const queue = async (
  { state: next, superseded: older, replaced }: Extract<Admission, { kind: 'queue' }>,
  { run, isRecorded, state }: Seen,
  delivery: Delivery,
): Promise<DispatchResult> => {
  const { deps } = delivery;
  if (state.queued !== run.id) await deps.stores.states.put(next);
  if (!isRecorded) await record(run, delivery);
  if (replaced) await skipReplaced(replaced, run, deps);
  for (const old of older) await supersede(old, run, deps);
  if (older.length > 0) throw jobConflict(run.id);
  return { status: 'queued', run: run.id };
};

/** Records the run. Throws JobConflict where another delivery was faster. */
const record = async (run: Run, delivery: Delivery): Promise<void> => {
  await orJobConflict(run.id, delivery.deps.stores.runs.put(run));
  delivery.hasRecorded = true;
  delivery.deps.observer.runRecorded(run);
};

/** Records a run that has its lease, if it is not recorded, and starts its execution, which an earlier delivery may have done. */
const start = async ({ run, isRecorded }: Seen, delivery: Delivery): Promise<DispatchResult> => {
  if (!isRecorded) await record(run, delivery);
  const started = await delivery.deps.executions.start(run.id, executionInput(run));
  return { status: delivery.hasRecorded && started === 'started' ? 'started' : 'duplicate', run: run.id };
};

/** Records the slot as skipped. A queued run leaves the queue first, so that no other process starts it meanwhile. */
const skip = async (why: Skip, { run, isRecorded, state }: Seen, delivery: Delivery): Promise<DispatchResult> => {
  const { deps } = delivery;
  const isQueued = state.queued === run.id;
  if (isQueued) await deps.stores.states.put(leaving(state, why, deps.now()));
  if (isRecorded) await skipAndRelease(run, why, deps);
  else {
    const skippedRun = { ...run, outcome: skipped(why, deps.now()) };
    await record(skippedRun, delivery);
    if (isListed(state, run.id)) await release(skippedRun, deps);
  }
  return { status: 'skipped', run: run.id, why: why.why };
};

/** A run of the same job that its own delivery has not recorded yet. */
const unrecordedRun = (id: string, { job, startedAt }: Run): Run => ({
  id,
  slot: runName(id).slot,
  job,
  startedAt,
  outcome: null,
  version: 0,
});

/** Skips the run whose place in the queue another took, recorded or not. */
const skipReplaced = async (
  { run: id, skip }: { run: string; skip: Skip },
  by: Run,
  deps: DispatchDeps,
): Promise<void> => {
  const known = await knownRun(id, deps.stores.runs);
  if (known.is === 'damaged') await dropLease(id, by.job.name, deps.stores.states);
  else if (known.is === 'ended') await release(known.run, deps);
  else await skipAndRelease(known.is === 'open' ? known.run : unrecordedRun(id, by), skip, deps);
};

/** Ends a run for a newer one. If its own delivery has not recorded it, it is recorded as skipped, and that delivery does not start it. */
const supersede = async (id: string, by: Run, deps: DispatchDeps): Promise<void> => {
  const why: Skip = { why: 'overlap', message: `${by.id} took its place`, by: by.id };
  const known = await knownRun(id, deps.stores.runs);
  if (known.is === 'unrecorded') await skipRun(unrecordedRun(id, by), why, deps);
  await endRun(by.job.name, { runId: id, status: 'ABORTED', error: superseded }, deps);
};

/**
 * Ends a run from outside: first its outcome, which also stops its attempt from making effects, then its execution. A damaged run loses its lease, as
 * does one past its lease that was never recorded.
 */
export const endRun = async (job: string, death: Death, deps: SettleDeps): Promise<void> => {
  const { runId, error } = death;
  try {
    await orJobConflict(runId, settle({ died: death }, deps));
  } catch (thrown) {
    const name = thrown instanceof Failure ? thrown.name : undefined;
    if (name === 'UnknownRun')
      return dropLease(runId, job, deps.stores.states, (lease) => isExpired(lease, deps.now()));
    if (name !== 'DamagedItem') throw thrown;
    await dropLease(runId, job, deps.stores.states);
  }
  await deps.executions.stop(runId, error ?? 'States.Timeout');
};
