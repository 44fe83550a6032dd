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

/** What happens to a run whose slot was delivered, decided from its job and the job's state. */
export type Admission =
  /** The run starts once this state is put. */
  | { kind: 'start'; state: JobState }
  /** The run starts when no other holds the job. It ends the `superseded` runs and takes the place of the `replaced` one in the queue. */
  | { kind: 'queue'; state: JobState; superseded: string[]; replaced: { run: string; skip: Skip } | null }
  | { kind: 'skip'; skip: Skip }
  /** The watchman delivers this slot again later, because another run holds the job. Nothing is recorded. */
  | { kind: 'wait' }
  /** Runs past their lease hold the job. They must be ended before this run is decided. */
  | { kind: 'end-first'; stuck: string[] };

/** EventBridge Scheduler (24 h) and Lambda (6 h) retry a delivery no longer than this, in seconds. */
const lateSeconds = 30 * 3600;
/** How many runs of a job may be open at once: its state is one item, of bounded size. */
const mostOpen = 100;

/** Why the calendar skips a slot, or undefined. A slot outside the schedule is not skipped: the schedule was changed at EventBridge by hand. */
const skipOf = (schedule: Schedule, slot: Slot): 'excluded' | 'fold' | undefined => {
  const due = new Date(slot);
  return dueBetween(schedule, new Date(due.getTime() - 1000), due, { anchor: due })[0]?.skip;
};

/** Why the job's state forbids a start now: a pause, the breaker or the budget. Undefined: the run may start. */
export const restraint = ({ job, slot }: Run, state: JobState, now: Date): Skip | undefined => {
  const pause = pauseOf(slot, state.pauses, now);
  if (pause) return { why: 'paused', message: pauseText(pause) };
  const broken = heldBack(state, job.breaker, now);
  if (broken) return { why: 'breaker', message: broken };
  const over = overBudget(job, state.spent, slot);
  return over === undefined ? undefined : { why: 'budget', message: over };
};

/** Why the slot is skipped, whatever the job's other runs do: the job file, a late delivery, the calendar, or a `restraint`. */
export const refusal = (run: Run, state: JobState, now: Date): Skip | undefined => {
  const { job, slot, origin } = run;
  if (!job.enabled) return { why: 'disabled', message: 'the job file says enabled: false' };
  if (origin !== 'watchman' && slotAge(slot, now) > lateSeconds)
    return { why: 'late', message: `delivered at ${now.toJSON()}, more than 30 hours after it was due` };
  const calendar = skipOf(job.schedule, slot);
  return calendar ? { why: calendar } : restraint(run, state, now);
};

/** The state in which the run is open. It counts toward the budget, and is the probe of an open breaker. */
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

/** The state in which the queued run has left the queue without a start. Its put decides between a start and a skip. */
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
  const next = { ...leaving(state, skip, now), queued: run.id };
  return { kind: 'queue', state: next, superseded, replaced: { run: queued, skip } };
};

const overlapped = (by: string, queued?: string | null): Admission => ({
  kind: 'skip',
  skip: { why: 'overlap', message: `${by} ${by === queued ? 'was in the queue already' : 'was still open'}`, by },
});

/**
 * A slot that is caught up waits for a moment in which the job is free. Where later slots run meanwhile, there may never be one, so it takes the
 * free place in the queue: it is next.
 */
const inTurn = (run: Run, state: JobState, holders: Lease[], now: Date): Admission => {
  const isOvertaken = holders.some((lease) => runName(lease.run).slot > run.slot);
  const isNext = state.queued === run.id || (state.queued === null && isOvertaken);
  return isNext ? queuedUp(run, state, [], now) : { kind: 'wait' };
};

/**
 * Decides by `overlap` about a due slot while other runs hold the job. A skip names the first holder, the queued run or a newer run, depending on
 * `overlap`.
 */
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
      return caughtUp ? inTurn(run, state, holders, now) : overlapped(first);
  }
};

/**
 * Decides about a run that is not open yet. A manual run starts if there is room, and never holds the job. Pure: two deliveries of one
 * slot decide alike on the same state and instant.
 */
export const admission = (run: Run, state: JobState, now: Date): Admission => {
  const [oldest] = state.open;
  if (run.suffix !== undefined) {
    return oldest && state.open.length >= mostOpen ? overlapped(oldest.run) : started(run, state, now);
  }
  // A queued run was delivered in time, and its file and calendar allowed it then.
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
