import { healthAfter } from './breaker.ts';
import { spend } from './budget.ts';
import { type Executions, executionInput } from './execution.ts';
import { freshState, type JobState, type JobStates, nextState, untilWon } from './job-state.ts';
import { isExpired, leaseOf } from './lease.ts';
import type { Outcome } from './outcome.ts';
import { pausedNow } from './pause.ts';
import type { Run, Runs } from './run.ts';

export type AccountDeps = {
  stores: { runs: Runs; states: JobStates };
  executions: Executions;
  now(): Date;
  /** Told of a breaker that this call, and no other, has opened or opened again. */
  tripped(run: Run, state: JobState): void;
};

/** A run with its outcome. */
export type Ended = Run & { outcome: Outcome };

/** What a run that has ended leaves behind in its job's state: its place, its cost, and how the job fares. */
const without = (state: JobState, run: Ended, now: Date): JobState => {
  const { id, job, slot, outcome } = run;
  const lease = state.open.find((one) => one.run === id);
  const open = state.open.filter((one) => one !== lease);
  const ran = outcome.status === 'succeeded' || outcome.status === 'failed';
  const spent = { slot, usd: outcome.usage.usd ?? 0, runs: ran || !lease?.holds ? 0 : -1 };
  const succeeded = outcome.status === 'succeeded' && slot > (state.lastSuccess ?? '');
  return nextState(state, {
    open,
    queued: state.queued === id ? null : state.queued,
    spent: spend(state.spent, spent, job.schedule.timezone),
    ...(lease?.holds && healthAfter(state, { run: id, outcome }, job.breaker, now)),
    ...(succeeded && { lastSuccess: slot }),
  });
};

/** Lets a run out of the queue: it takes its place among those that are open, after the run whose end it waited for. */
const promoted = (state: JobState, run: Run, after: string, now: Date): JobState => ({
  ...state,
  open: [...state.open, leaseOf(run, now, after)],
  queued: null,
  spent: spend(state.spent, { slot: run.slot, usd: 0, runs: 1 }, run.job.schedule.timezone),
});

/** The state with the queued run let out, if nothing holds the job and it is not paused. A queued run that has been skipped is forgotten. */
const letOut = async (state: JobState, after: string, runs: Runs, now: Date): Promise<JobState> => {
  const held = state.open.some((lease) => lease.holds && !isExpired(lease, now));
  if (state.queued === null || held || pausedNow(state.pauses, now)) return state;
  const run = await runs.get(state.queued);
  if (run?.outcome) return { ...state, queued: null };
  return run ? promoted(state, run, after, now) : state;
};

/**
 * Accounts for a run that has its outcome, once, and starts the one that waited for its end. Told again it changes nothing, and
 * starts again what an earlier call may have left unstarted. Throws JobConflict where it lost too many races.
 */
export const account = async (run: Ended, { stores, executions, now, tripped }: AccountDeps): Promise<void> => {
  const { runs, states } = stores;
  const state = await untilWon(async () => {
    const seen = (await states.get(run.job.name)) ?? freshState(run.job.name);
    const known = seen.open.some((lease) => lease.run === run.id) || seen.queued === run.id;
    if (!known) return seen;
    const put = await letOut(without(seen, run, now()), run.id, runs, now());
    await states.put(put);
    if (put.breaker && put.breaker.until !== seen.breaker?.until) tripped(run, put);
    return put;
  });
  for (const { run: id, after } of state.open) {
    const waited = after === run.id ? await runs.get(id) : undefined;
    if (waited?.outcome === null) await executions.start(id, executionInput(waited));
  }
};
