import { spend } from '../policy/budget.ts';
import { freshState, JobState } from '../policy/job-state.ts';
import { leaseOf } from '../policy/lease.ts';
import { hasRun } from '../run/outcome.ts';
import type { Run } from '../run/run.ts';
import { salvagedFields } from './salvaged-fields.ts';

/** A state made anew, and the fields of the damaged one that could not be read. */
export type SalvagedState = { state: JobState; lost: string[] };

/** How many runs in a row ended alike, newest first: positive for successes. */
const streakOf = (runs: Run[]): number => {
  const ended = runs.flatMap(({ suffix, outcome }) =>
    suffix === undefined && outcome && hasRun(outcome) ? [outcome] : [],
  );
  const first = ended[0]?.status;
  if (first === undefined) return 0;
  const other = ended.findIndex(({ status }) => status !== first);
  const count = other === -1 ? ended.length : other;
  return first === 'succeeded' ? count : -count;
};

/** The state as the runs tell it: open ones get a lease that begins now, so that the watchman looks after them again. */
const toldByRuns = (job: string, runs: Run[], now: Date): JobState => {
  const fresh = freshState(job);
  const succeeded = runs.find(({ outcome }) => outcome?.status === 'succeeded');
  const spent = runs.toReversed().reduce((sum, { slot, suffix, outcome, job: { schedule } }) => {
    if (!outcome || !hasRun(outcome)) return sum;
    return spend(sum, { slot, usd: outcome.usage.usd ?? 0, runs: suffix === undefined ? 1 : 0 }, schedule.timezone);
  }, fresh.spent);
  return {
    ...fresh,
    open: runs.filter(({ outcome }) => outcome === null).map((run) => leaseOf(run, now)),
    streak: streakOf(runs),
    spent,
    lastSuccess: succeeded?.slot ?? null,
  };
};

/**
 * A state in place of a damaged one, as version `version`: each field that can be read is kept, each other one is told by the job's runs, newest
 * first. What no run tells is empty: pauses, the queue and the breaker.
 */
export const salvagedState = (
  damaged: unknown,
  { job, runs, now, version }: { job: string; runs: Run[]; now: Date; version: number },
): SalvagedState => {
  const { job: _job, version: _version, ...shape } = JobState.shape;
  const { fields, lost } = salvagedFields(damaged, shape, toldByRuns(job, runs, now));
  return { state: JobState.parse({ ...fields, job, version }), lost };
};
