import * as z from 'zod';
import { account } from './account.ts';
import { type Admission, admission } from './admission.ts';
import { executionInput } from './execution.ts';
import { Failure } from './failure.ts';
import type { Jobs } from './job.ts';
import { changeState, freshState, type JobState, nextState, untilWon } from './job-state.ts';
import { modelIdForm, parseModelId } from './model-id.ts';
import type { Outcome } from './outcome.ts';
import { Origin, type Run, runId, Suffix } from './run.ts';
import { died, type SettleDeps, settle, superseded } from './settle.ts';
import { Slot, slotAge } from './slot.ts';
import { noUsage } from './usage.ts';

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
  slots: z.array(Slot).optional(),
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

/** The world has moved between two looks at it: it is looked at anew. */
const moved = (id: string): Failure => new Failure('JobConflict', `${id}: another delivery or its end was faster`);

const lostRace = (thrown: unknown): boolean =>
  thrown instanceof Failure && (thrown.name === 'RunConflict' || thrown.name === 'SessionConflict');

/** Looks at the state, then at the run, and carries out one decision. Throws JobConflict where the world has moved meanwhile. */
const oneTry = async (draft: Run, delivery: Delivery): Promise<DispatchResult> => {
  const { runs, states } = delivery.deps.stores;
  const { id, job } = draft;
  const state = (await states.get(job.name)) ?? freshState(job.name);
  const known = await runs.get(id);
  const leased = state.open.some((lease) => lease.run === id);
  if (known?.outcome) {
    if (leased || state.queued === id) await account({ ...known, outcome: known.outcome }, delivery.deps);
    return { status: 'duplicate', run: id };
  }
  const run = known ?? { ...draft, since: state.lastSuccess };
  if (leased) return start(run, known, delivery);
  return carryOut(admission(run, state, delivery.deps.now()), { run, known, state }, delivery);
};

type Seen = { run: Run; known: Run | undefined; state: JobState };

const carryOut = async (decided: Admission, seen: Seen, delivery: Delivery): Promise<DispatchResult> => {
  const { run, known, state } = seen;
  const { deps } = delivery;
  switch (decided.kind) {
    case 'wait':
      return { status: 'waits', run: run.id };
    case 'skip':
      return skip(decided, seen, delivery);
    case 'end-first':
      for (const stuck of decided.stuck) await end(stuck, run.job.name, died(stuck, 'TIMED_OUT'), deps);
      throw moved(run.id);
    case 'start':
      await deps.stores.states.put(decided.state);
      return start(run, known, delivery);
    case 'queue':
      await giveWay(decided.replaced, run, deps);
      if (state.queued !== run.id) await deps.stores.states.put(decided.state);
      if (!known) await record(run, delivery);
      for (const old of decided.superseded) await end(old, run.job.name, died(old, 'ABORTED', superseded), deps);
      if (decided.superseded.length > 0) throw moved(run.id);
      return { status: 'queued', run: run.id };
  }
};

/** Records the run. Throws JobConflict where another delivery has. */
const record = async (run: Run, delivery: Delivery): Promise<void> => {
  try {
    await delivery.deps.stores.runs.put(run);
  } catch (thrown) {
    throw lostRace(thrown) ? moved(run.id) : thrown;
  }
  if (run.version > 1) return delivery.deps.settled(run);
  delivery.recorded = true;
  delivery.deps.recorded(run);
};

/** The run has its place: it is recorded if it is not, and started, whoever may have done so before. */
const start = async (run: Run, known: Run | undefined, delivery: Delivery): Promise<DispatchResult> => {
  if (!known) await record(run, delivery);
  const started = await delivery.deps.executions.start(run.id, executionInput(run));
  return { status: delivery.recorded && started === 'started' ? 'started' : 'duplicate', run: run.id };
};

const skippedAs = (
  { why, message, by }: Omit<Extract<Admission, { kind: 'skip' }>, 'kind'>,
  now: Date,
): Extract<Outcome, { status: 'skipped' }> => ({
  status: 'skipped',
  why,
  ...(message === undefined ? {} : { message }),
  ...(by === undefined ? {} : { by }),
  usage: noUsage,
  endedAt: now.toJSON(),
});

/** Records the slot as skipped. A run that waited in the queue leaves it first. */
const skip = async (
  decided: Extract<Admission, { kind: 'skip' }>,
  { run, known, state }: Seen,
  delivery: Delivery,
): Promise<DispatchResult> => {
  const { stores, now } = delivery.deps;
  if (state.queued === run.id) await stores.states.put(nextState(state, { queued: null }));
  const outcome = skippedAs(decided, now());
  await record({ ...run, outcome, version: known ? known.version + 1 : 1 }, delivery);
  return { status: 'skipped', run: run.id, why: decided.why };
};

/** The run whose place in the queue is taken is skipped, before it loses it: it must not be left without either. */
const giveWay = async (
  replaced: string | null,
  to: Run,
  { stores: { runs }, now, settled }: DispatchDeps,
): Promise<void> => {
  const run = replaced === null ? undefined : await runs.get(replaced);
  if (run?.outcome !== null) return;
  const outcome = skippedAs({ why: 'overlap', message: `${to.id} took its place in the queue`, by: to.id }, now());
  const skipped = { ...run, outcome, version: run.version + 1 };
  await runs.put(skipped).catch((thrown: unknown) => {
    throw lostRace(thrown) ? moved(run.id) : thrown;
  });
  settled(skipped);
};

/**
 * Ends a run from outside: its outcome first, which also stops what its attempt may still do in the world, then its execution. A run that cannot
 * be read holds nobody up: its lease is dropped.
 */
export const end = async (
  runId: string,
  job: string,
  how: ReturnType<typeof died>,
  deps: SettleDeps,
): Promise<void> => {
  try {
    await settle(how, deps);
  } catch (thrown) {
    if (lostRace(thrown)) throw moved(runId);
    if (!(thrown instanceof Failure && (thrown.name === 'UnknownRun' || thrown.name === 'DamagedItem'))) throw thrown;
    const others = (state: JobState) => state.open.filter((lease) => lease.run !== runId);
    await changeState(job, (state) => ({ open: others(state) }), deps.stores.states);
  }
  await deps.executions.stop(runId, how.detail.error ?? 'States.Timeout');
};
