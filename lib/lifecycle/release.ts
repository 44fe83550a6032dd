import { leaving, placed, restraint } from '../policy/admission.ts';
import { healthAfter, withoutProbe } from '../policy/breaker.ts';
import { spend } from '../policy/budget.ts';
import {
  changeState,
  freshState,
  isListed,
  type JobState,
  type JobStates,
  nextState,
  orJobConflict,
  untilWon,
} from '../policy/job-state.ts';
import type { Lease } from '../policy/lease.ts';
import { type Executions, executionInput } from '../run/execution.ts';
import { knownRun } from '../run/known-run.ts';
import type { Observer } from '../run/observer.ts';
import { type Skip, skipped } from '../run/outcome.ts';
import type { EndedRun, Run, Runs } from '../run/run.ts';

export type ReleaseDeps = {
  stores: { runs: Runs; states: JobStates };
  executions: Executions;
  now(): Date;
  observer: Pick<Observer, 'runSettled' | 'breakerOpened'>;
};

/** The state without the ended run: its lease removed, its cost added, and the job's health updated. */
const stateWithout = (run: EndedRun, state: JobState, now: Date): JobState => {
  const { id, job, slot, outcome } = run;
  const lease = state.open.find((one) => one.run === id);
  const ran = outcome.status === 'succeeded' || outcome.status === 'failed';
  const spent = { slot, usd: outcome.usage.usd ?? 0, runs: ran || !lease?.holds ? 0 : -1 };
  const succeeded = outcome.status === 'succeeded' && slot > (state.lastSuccess ?? '');
  return nextState(state, {
    open: state.open.filter((one) => one !== lease),
    queued: state.queued === id ? null : state.queued,
    spent: spend(state.spent, spent, job.schedule.timezone),
    ...(lease?.holds && healthAfter(state, { run: id, outcome }, job.breaker, now)),
    ...(succeeded && { lastSuccess: slot }),
  });
};

/** Removes the lease of a run that is damaged or was never recorded, if `isLost` says so. The run's cost is unknown and not counted. */
export const dropLease = async (
  runId: string,
  job: string,
  states: JobStates,
  isLost: (lease: Lease) => boolean = () => true,
): Promise<void> => {
  const dropped = (state: JobState): Partial<JobState> | undefined => {
    const lost = state.open.find((lease) => lease.run === runId);
    if (lost && !isLost(lost)) return undefined;
    return { open: state.open.filter((lease) => lease !== lost), ...withoutProbe(state, runId) };
  };
  await changeState(job, dropped, states);
};

/** Records a run as skipped: an open run or, with `version: 0`, an unrecorded run. Throws JobConflict if the run's own delivery was faster. */
export const skipRun = async (
  run: Run,
  skip: Skip,
  { stores: { runs }, now, observer }: ReleaseDeps,
): Promise<EndedRun> => {
  const skippedRun = { ...run, outcome: skipped(skip, now()), version: run.version + 1 };
  await orJobConflict(run.id, runs.put(skippedRun));
  observer.runSettled(skippedRun);
  return skippedRun;
};

/** Records a run that left the queue as skipped, then releases it. Throws as `skipRun` does. */
export const skipAndRelease = async (run: Run, skip: Skip, deps: ReleaseDeps): Promise<void> =>
  release(await skipRun(run, skip, deps), deps);

/**
 * Finishes runs that left the queue while their process died: skips those that are open and releases them, except the run `except`. Returns
 * whether there were any.
 */
export const skipLeaving = async (open: Lease[], deps: ReleaseDeps, except?: string): Promise<boolean> => {
  let finished = false;
  for (const { run: id, skip } of open) {
    if (!skip || id === except) continue;
    const known = await knownRun(id, deps.stores.runs);
    if (known.is === 'unrecorded' || known.is === 'damaged') continue;
    if (known.is === 'ended') await release(known.run, deps);
    else await skipAndRelease(known.run, skip, deps);
    finished = true;
  }
  return finished;
};

/**
 * Starts the queued run if no other run holds the job, or skips it if its job's pause, breaker or budget forbids a start. `after` is the run whose
 * end it waited for; with `beside` it starts while others are open. Returns whether it left the queue: an unrecorded run stays.
 */
export const startQueued = (
  job: string,
  { after, beside = false }: { after?: string; beside?: boolean },
  deps: ReleaseDeps,
): Promise<boolean> =>
  untilWon(async () => {
    const { runs, states } = deps.stores;
    const state = await states.get(job);
    if (!state?.queued || (!beside && state.open.some((lease) => lease.holds))) return false;
    const known = await knownRun(state.queued, runs);
    if (known.is === 'unrecorded') return false;
    if (known.is === 'open') await startOrSkip(known.run, state, after ?? null, deps);
    else await states.put(nextState(state, { queued: null }));
    return true;
  });

/** The put of the state decides between this process and others: of several, one starts or skips the run. */
const startOrSkip = async (run: Run, state: JobState, after: string | null, deps: ReleaseDeps): Promise<void> => {
  const now = deps.now();
  const refused = restraint(run, state, now);
  await deps.stores.states.put(refused ? leaving(state, refused, now) : placed(run, state, now, after));
  if (refused) await skipAndRelease(run, refused, deps);
  else await deps.executions.start(run.id, executionInput(run));
};

/** Starts the runs that left the queue after this run's end, in case the process that gave them a lease died before it started them. */
const startAgain = async (
  runId: string,
  state: JobState,
  { stores: { runs }, executions }: ReleaseDeps,
): Promise<void> => {
  for (const { run: id, after } of state.open) {
    if (after !== runId) continue;
    const known = await knownRun(id, runs);
    if (known.is === 'open') await executions.start(id, executionInput(known.run));
  }
};

/**
 * Frees an ended run's place in its job's state, once, and starts the run that waited for its end. Calling it again finishes what an
 * earlier call left undone. Throws JobConflict after too many lost races.
 */
export const release = async (run: EndedRun, deps: ReleaseDeps): Promise<void> => {
  const { states } = deps.stores;
  const state = await untilWon(async () => {
    const before = (await states.get(run.job.name)) ?? freshState(run.job.name);
    if (!isListed(before, run.id)) return before;
    const released = stateWithout(run, before, deps.now());
    await states.put(released);
    const { breaker, streak } = released;
    if (breaker && breaker.until !== before.breaker?.until)
      deps.observer.breakerOpened(run, { failuresInARow: -streak, nextProbeAt: breaker.until });
    return released;
  });
  await skipLeaving(state.open, deps);
  await startAgain(run.id, state, deps);
  if (state.queued !== null) await startQueued(run.job.name, { after: run.id }, deps);
};

/** Releases ended runs that still hold or await a place, because the process that ended them died. Returns whether there were any. */
export const releaseEnded = async (state: JobState, deps: ReleaseDeps): Promise<boolean> => {
  const listed = [
    ...state.open.filter(({ holds }) => holds).map(({ run }) => run),
    ...(state.queued === null ? [] : [state.queued]),
  ];
  let released = false;
  for (const id of listed) {
    const known = await knownRun(id, deps.stores.runs);
    if (known.is !== 'ended') continue;
    await release(known.run, deps);
    released = true;
  }
  return released;
};
