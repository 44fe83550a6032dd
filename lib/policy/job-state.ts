import * as z from 'zod';
import { Failure } from '../failure.ts';
import { Slot } from '../schedule/slot.ts';
import { Breaker } from './breaker.ts';
import { nothingSpent, Spending } from './budget.ts';
import { Lease } from './lease.ts';
import { Pause } from './pause.ts';

/**
 * What a job's runs share. Every open run is in `open` or is `queued`; the put that removes it also adds its cost and its end, so
 * that each run is counted exactly once.
 */
export const JobState = z.looseObject({
  job: z.string(),
  open: z.array(Lease),
  /** The run that starts when no other run holds the job. */
  queued: z.string().nullable(),
  pauses: z.array(Pause),
  streak: z.int(),
  breaker: Breaker.nullable(),
  spent: Spending,
  lastSuccess: Slot.nullable(),
  version: z.int().positive(),
});
export type JobState = z.infer<typeof JobState>;

/** The states of the jobs of the service. */
export type JobStates = {
  /** The state, read consistently, or undefined. */
  get(job: string): Promise<JobState | undefined>;
  /** Creates version 1 where there is none, or replaces the version before. Otherwise throws JobConflict. */
  put(state: JobState): Promise<void>;
};

/** The state of a job that has had no run. It is not stored: its first put makes version 1. */
export const freshState = (job: string): JobState => ({
  job,
  open: [],
  queued: null,
  pauses: [],
  streak: 0,
  breaker: null,
  spent: nothingSpent,
  lastSuccess: null,
  version: 0,
});

/** The state with a change, as its next version. */
export const nextState = (state: JobState, change: Partial<JobState>): JobState => ({
  ...state,
  ...change,
  version: state.version + 1,
});

/** Whether the state lists the run, as open or as queued. */
export const isListed = ({ open, queued }: JobState, run: string): boolean =>
  queued === run || open.some((lease) => lease.run === run);

/** A lost race: another process changed the job between this one's read and its write. `untilWon` reads again and repeats the work. */
export const jobConflict = (what: string): Failure =>
  new Failure('JobConflict', `${what}: another process changed it first`);

const lostRaces = ['RunConflict', 'SessionConflict'];

/** Turns a lost race for a run or an attempt into JobConflict, so that `untilWon` repeats the work. */
export const orJobConflict = async <T>(what: string, work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (thrown) {
    throw thrown instanceof Failure && lostRaces.includes(thrown.name) ? jobConflict(what) : thrown;
  }
};

/** How often `untilWon` repeats work. Each lost race means that another process made progress. */
const maxRepeats = 50;

/** Does work, and repeats it after a JobConflict; `work` must read anew each time. Throws what `work` throws, and JobConflict after 50 repeats. */
export const untilWon = async <T>(work: () => Promise<T>): Promise<T> => {
  for (let lost = 0; ; lost++) {
    try {
      return await work();
    } catch (thrown) {
      if (lost >= maxRepeats || !(thrown instanceof Failure && thrown.name === 'JobConflict')) throw thrown;
    }
  }
};

/**
 * Changes a job's state with `change`, which gets the latest state and returns undefined to leave it. Returns the resulting state. Throws
 * JobConflict after too many lost races.
 */
export const changeState = (
  job: string,
  change: (state: JobState) => Partial<JobState> | undefined,
  states: JobStates,
): Promise<JobState> =>
  untilWon(async () => {
    const state = (await states.get(job)) ?? freshState(job);
    const changed = change(state);
    if (!changed) return state;
    const next = nextState(state, changed);
    await states.put(next);
    return next;
  });
