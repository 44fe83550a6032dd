import * as z from 'zod';
import { Failure } from '../failure.ts';
import { Slot } from '../schedule/slot.ts';
import { Breaker } from './breaker.ts';
import { nothingSpent, Spending } from './budget.ts';
import { Lease } from './lease.ts';
import { Pause } from './pause.ts';

/**
 * What a job's runs have to know of each other. Every open run of the job is in `open` or is `queued`; it leaves in the same
 * put that adds what it cost and how it ended, so that nothing is counted twice or not at all.
 */
export const JobState = z.looseObject({
  job: z.string(),
  open: z.array(Lease),
  /** The run that starts when no other holds the job. */
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
  /** Creates a state of version 1 if there is none; replaces one if the stored version is the one before. Else throws JobConflict. */
  put(state: JobState): Promise<void>;
};

/** A job that has done nothing yet. Its first version is still to be put. */
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

/** A state as it is put next. */
export const nextState = (state: JobState, change: Partial<JobState>): JobState => ({
  ...state,
  ...change,
  version: state.version + 1,
});

/** The world has moved between two looks at it: it is looked at anew. */
export const moved = (what: string): Failure => new Failure('JobConflict', `${what}: somebody else was faster`);

const lostRaces = ['RunConflict', 'SessionConflict'];

/** Work on a run whose lost race means that the world has moved. Throws JobConflict then. */
export const orMoved = async <T>(what: string, work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (thrown) {
    throw thrown instanceof Failure && lostRaces.includes(thrown.name) ? moved(what) : thrown;
  }
};

/** How often a lost race is run again: whoever won it has got on. */
const patience = 50;

/**
 * Does work that may lose a race for a job, until it has won. `work` reads anew each time. Throws what `work` throws, and JobConflict when it
 * has lost too often.
 */
export const untilWon = async <T>(work: () => Promise<T>): Promise<T> => {
  for (let lost = 0; ; lost++) {
    try {
      return await work();
    } catch (thrown) {
      if (lost >= patience || !(thrown instanceof Failure && thrown.name === 'JobConflict')) throw thrown;
    }
  }
};

/** Changes a job's state, from whatever it is by then. `change` returns undefined where nothing is to be changed. Resolves to the state as it stands. */
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
