import { Failure } from '../failure.ts';
import { leaving, placed, restraint } from '../policy/admission.ts';
import { healthAfter, withoutProbe } from '../policy/breaker.ts';
import { spend } from '../policy/budget.ts';
import {
  changeState,
  freshState,
  type JobState,
  type JobStates,
  nextState,
  orMoved,
  untilWon,
} from '../policy/job-state.ts';
import type { Lease } from '../policy/lease.ts';
import { type Executions, executionInput } from '../run/execution.ts';
import { type Outcome, type Skip, skipped } from '../run/outcome.ts';
import type { Run, Runs } from '../run/run.ts';

export type ReleaseDeps = {
  stores: { runs: Runs; states: JobStates };
  executions: Executions;
  now(): Date;
  /** Told of a run when this call, and no other, has recorded its outcome. */
  settled(run: Run): void;
  /** Told of a breaker that this call, and no other, has opened or opened again. */
  tripped(run: Run, state: JobState): void;
};

/** A run with its outcome. */
export type Ended = Run & { outcome: Outcome };
export const isEnded = (run: Run | undefined): run is Ended => Boolean(run?.outcome);

/** The run, or `damaged`: one that cannot be read must not hold up the others of its job. */
export const readable = async (id: string, runs: Runs): Promise<Run | 'damaged' | undefined> => {
  try {
    return await runs.get(id);
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.name === 'DamagedItem') return 'damaged';
    throw thrown;
  }
};

/** What a run that has ended leaves behind in its job's state: its place, its cost, and how the job fares. */
const without = (state: JobState, run: Ended, now: Date): JobState => {
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

/** Takes a run that cannot be read out of its job's state, or that nobody has recorded in all its time: it holds nobody up. What it cost is not known. */
export const dropLease = async (
  runId: string,
  job: string,
  states: JobStates,
  isLost: (lease: Lease) => boolean = () => true,
): Promise<void> => {
  const without = (state: JobState): Partial<JobState> | undefined => {
    const lost = state.open.find((lease) => lease.run === runId);
    if (lost && !isLost(lost)) return undefined;
    return { open: state.open.filter((lease) => lease !== lost), ...withoutProbe(state, runId) };
  };
  await changeState(job, without, states);
};

/** Records that a run which is open, or which its own delivery has yet to record (`version` 0), is not made. Throws JobConflict where it is faster. */
export const skipRun = async (
  run: Run,
  skip: Skip,
  { stores: { runs }, now, settled }: ReleaseDeps,
): Promise<Ended> => {
  const ended = { ...run, outcome: skipped(skip, now()), version: run.version + 1 };
  await orMoved(run.id, runs.put(ended));
  settled(ended);
  return ended;
};

/** Records that a run which leaves the queue is not made, and takes its last place away. Throws as `skipRun`. */
export const skipAndRelease = async (run: Run, skip: Skip, deps: ReleaseDeps): Promise<void> =>
  release(isEnded(run) ? run : await skipRun(run, skip, deps), deps);

/** Finishes what others have begun: runs that have left the queue, but for one, are recorded as skipped. Says whether there were any that can be. */
export const skipLeaving = async (open: Lease[], deps: ReleaseDeps, except?: string): Promise<boolean> => {
  let dismissed = false;
  for (const { run: id, skip } of open) {
    const run = skip && id !== except ? await readable(id, deps.stores.runs) : undefined;
    if (!skip || run === undefined || run === 'damaged') continue;
    await skipAndRelease(run, skip, deps);
    dismissed = true;
  }
  return dismissed;
};

/**
 * Lets the queued run start if nothing holds the job, or if by now its runs may be `beside` each other: `after` is the run whose end it waited for.
 * One that may not start any more is skipped. The put of the state decides, whoever else lets it out or skips it. Says whether the queue has moved; a run whose
 * delivery has yet to record it stays.
 */
export const startQueued = (job: string, after: string | null, deps: ReleaseDeps, beside = false): Promise<boolean> =>
  untilWon(async () => {
    const { runs, states } = deps.stores;
    const state = await states.get(job);
    if (!state?.queued || (!beside && state.open.some((lease) => lease.holds))) return false;
    const run = await readable(state.queued, runs);
    if (run === undefined) return false;
    if (run === 'damaged' || run.outcome) await states.put(nextState(state, { queued: null }));
    else await startOrSkip(run, state, after, deps);
    return true;
  });

const startOrSkip = async (run: Run, state: JobState, after: string | null, deps: ReleaseDeps): Promise<void> => {
  const now = deps.now();
  const refused = restraint(run, state, now);
  await deps.stores.states.put(refused ? leaving(state, refused, now) : placed(run, state, now, after));
  if (refused) await skipAndRelease(run, refused, deps);
  else await deps.executions.start(run.id, executionInput(run));
};

/** Starts the runs that were let out at the end of this one, in case whoever let them out died before he could. */
const startAgain = async (ended: string, state: JobState, { stores: { runs }, executions }: ReleaseDeps) => {
  for (const { run: id, after } of state.open) {
    const run = after === ended ? await readable(id, runs) : undefined;
    if (run !== undefined && run !== 'damaged' && !run.outcome) await executions.start(id, executionInput(run));
  }
};

/**
 * Accounts for a run that has its outcome, once, and lets out the one that waited for its end. Told again it changes nothing, and
 * does what an earlier call may have left undone. Throws JobConflict where it lost too many races.
 */
export const release = async (run: Ended, deps: ReleaseDeps): Promise<void> => {
  const { states } = deps.stores;
  const state = await untilWon(async () => {
    const seen = (await states.get(run.job.name)) ?? freshState(run.job.name);
    const known = seen.open.some((lease) => lease.run === run.id) || seen.queued === run.id;
    if (!known) return seen;
    const put = without(seen, run, deps.now());
    await states.put(put);
    if (put.breaker && put.breaker.until !== seen.breaker?.until) deps.tripped(run, put);
    return put;
  });
  await skipLeaving(state.open, deps);
  await startAgain(run.id, state, deps);
  if (state.queued !== null) await startQueued(run.job.name, run.id, deps);
};

/** Accounts for runs that are over and still have their place, because whoever ended them died before he could. Says whether there were any. */
export const releaseEnded = async (state: JobState, deps: ReleaseDeps): Promise<boolean> => {
  const places = [
    ...state.open.filter(({ holds }) => holds).map(({ run }) => run),
    ...(state.queued === null ? [] : [state.queued]),
  ];
  let swept = false;
  for (const id of places) {
    const run = await readable(id, deps.stores.runs);
    if (run === 'damaged' || !isEnded(run)) continue;
    await release(run, deps);
    swept = true;
  }
  return swept;
};
