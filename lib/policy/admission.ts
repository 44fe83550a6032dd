import type { Skip } from '../run/outcome.ts';
import { type Run, runName } from '../run/run.ts';
import { dueBetween } from '../schedule/calendar.ts';
import type { Schedule } from '../schedule/schedule.ts';
import { type Slot, slotAge } from '../schedule/slot.ts';
import { heldBack } from './breaker.ts';
import { overBudget, spend } from './budget.ts';
import { type JobState, nextState } from './job-state.ts';
import { isExpired, type Lease, leaseOf, leavingLease } from './lease.ts';
import { pauseOf, pauseText } from './pause.ts';

/** What becomes of a run whose slot was delivered, by its job and what is known of the job's other runs. */
export type Admission =
  /** It may start, once this state is put. */
  | { kind: 'start'; state: JobState }
  /** It starts when nothing holds the job any more. These runs must end for it; this one leaves the queue for it. */
  | { kind: 'queue'; state: JobState; superseded: string[]; replaced: { run: string; skip: Skip } | null }
  | { kind: 'skip'; skip: Skip }
  /** A slot that is being caught up does not run into another run: it comes again later. Nothing is recorded. */
  | { kind: 'wait' }
  /** Runs that are open past their lease stand in the way: they must be ended first. */
  | { kind: 'end-first'; stuck: string[] };

/** EventBridge Scheduler and Lambda deliver no event after this, in seconds (24 h + 6 h); what comes later is not a delivery. */
const lateSeconds = 30 * 3600;
/** How many runs of a job may be open at once: its state is one item, of bounded size. */
const mostOpen = 100;

/** Why the calendar itself skips a slot. One that it does not know is not its business: somebody has changed the schedule by hand. */
const skipOf = (schedule: Schedule, slot: Slot): 'excluded' | 'fold' | undefined => {
  const due = new Date(slot);
  return dueBetween(schedule, new Date(due.getTime() - 1000), due, { anchor: due })[0]?.skip;
};

/** Why the run may not start now, though its slot was delivered as it should be: a pause, the breaker or the budget. */
export const restraint = ({ job, slot }: Run, state: JobState, now: Date): Skip | undefined => {
  const pause = pauseOf(slot, state.pauses, now);
  if (pause) return { why: 'paused', message: pauseText(pause) };
  const broken = heldBack(state, job.breaker, now);
  if (broken) return { why: 'breaker', message: broken };
  const over = overBudget(job, state.spent, slot);
  return over === undefined ? undefined : { why: 'budget', message: over };
};

/** Why the slot is not run whatever other runs do: the job's file, its calendar, its pauses, its breaker and its budget say so. */
export const refusal = (run: Run, state: JobState, now: Date): Skip | undefined => {
  const { job, slot, origin } = run;
  if (!job.enabled) return { why: 'disabled', message: 'the job file says enabled: false' };
  if (origin !== 'watchman' && slotAge(slot, now) > lateSeconds)
    return { why: 'late', message: `delivered at ${now.toJSON()}, more than 30 hours after it was due` };
  const calendar = skipOf(job.schedule, slot);
  return calendar ? { why: calendar } : restraint(run, state, now);
};

/** The state in which a run has its place among those that are open: it counts to the budget, and is the probe of an open breaker. */
export const placed = (run: Run, state: JobState, now: Date, after: string | null = null): JobState => {
  const { id, job, slot, suffix } = run;
  const { open, queued, spent, breaker } = state;
  const scheduled = suffix === undefined;
  return nextState(state, {
    open: [...open, leaseOf(run, now, after)],
    queued: queued === id ? null : queued,
    spent: spend(spent, { slot, usd: 0, runs: scheduled ? 1 : 0 }, job.schedule.timezone),
    breaker: breaker && scheduled ? { ...breaker, probe: id } : breaker,
  });
};

/** The state in which the queued run leaves the queue without a start: whoever puts it, and no one else, decides that. */
export const leaving = (state: JobState, skip: Skip, now: Date): JobState =>
  nextState(state, {
    open: state.queued === null ? state.open : [...state.open, leavingLease(state.queued, skip, now)],
    queued: null,
  });

const started = (run: Run, state: JobState, now: Date): Admission => ({
  kind: 'start',
  state: placed(run, state, now),
});

const queuedUp = (run: Run, state: JobState, older: Lease[], now: Date): Admission => {
  const superseded = older.map((lease) => lease.run);
  const { queued } = state;
  if (queued === null || queued === run.id)
    return { kind: 'queue', state: nextState(state, { queued: run.id }), superseded, replaced: null };
  const skip: Skip = { why: 'overlap', message: `${run.id} took its place in the queue`, by: run.id };
  const without = { ...leaving(state, skip, now), queued: run.id };
  return { kind: 'queue', state: without, superseded, replaced: { run: queued, skip } };
};

const overlapped = (by: string, queued?: string | null): Admission => ({
  kind: 'skip',
  skip: { why: 'overlap', message: `${by} ${by === queued ? 'was in the queue already' : 'was still open'}`, by },
});

/** The slot is due while other runs hold the job. The first of them is told of as the reason. */
const overlapping = (run: Run, state: JobState, holders: [Lease, ...Lease[]], now: Date): Admission => {
  const [{ run: first }] = holders;
  const caughtUp = run.origin === 'watchman';
  switch (run.job.overlap) {
    case 'queue-one': {
      if (state.queued === null || state.queued === run.id) return queuedUp(run, state, [], now);
      return caughtUp ? { kind: 'wait' } : overlapped(state.queued, state.queued);
    }
    case 'cancel-previous': {
      const others = [...holders.map((lease) => lease.run), ...(state.queued === null ? [] : [state.queued])];
      const newer = others.find((other) => runName(other).slot > run.slot);
      return newer === undefined ? queuedUp(run, state, holders, now) : overlapped(newer, state.queued);
    }
    default:
      return caughtUp ? { kind: 'wait' } : overlapped(first);
  }
};

/**
 * Decides about a run that has no place yet. A run that a person started is let in if there is room; it holds nobody up.
 * Pure: the same for the same state and instant, so that two deliveries of one slot decide alike.
 */
export const admission = (run: Run, state: JobState, now: Date): Admission => {
  const [oldest] = state.open;
  if (run.suffix !== undefined) {
    return oldest && state.open.length >= mostOpen ? overlapped(oldest.run) : started(run, state, now);
  }
  // What waits in the queue was delivered in time already.
  const refused = state.queued === run.id ? restraint(run, state, now) : refusal(run, state, now);
  if (refused) return { kind: 'skip', skip: refused };
  const [first, ...others] = state.open.filter((lease) => lease.holds);
  const stuck = [...(first ? [first] : []), ...others].filter((lease) => isExpired(lease, now));
  if (stuck.length > 0) return { kind: 'end-first', stuck: stuck.map((lease) => lease.run) };
  if (first === undefined || (run.job.overlap === 'allow' && state.open.length < mostOpen)) {
    return started(run, state, now);
  }
  return overlapping(run, state, [first, ...others], now);
};
