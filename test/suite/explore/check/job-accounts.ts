import type { JobState } from '../../../../lib/policy/job-state.ts';
import type { Outcome } from '../../../../lib/run/outcome.ts';
import { blank, type Facts, isRun, runOf, type Stated } from '../schedule-facts.ts';
import { countEach } from './count-each.ts';

/** Failures that another run or the operator caused. They leave the streak as it is. */
const externalFailures = ['ExecutionAborted', 'Superseded'];

const among = (state: JobState): string[] => state.open.map(({ run }) => run);

/** The leases that a write removes, each with its run's outcome, if it has one. */
export const leaving = ({ was, is, order }: Stated, { outcomeAt }: Facts) =>
  was.open
    .filter(({ run }) => !among(is).includes(run))
    .map((lease) => ({ lease, outcome: outcomeAt(lease.run, order) }));
/** The leases that a write adds. A run that leaves the queue as skipped gets none. */
export const entering = ({ was, is }: Stated) =>
  is.open.filter(({ run, skip }) => skip === undefined && !among(was).includes(run));
/** The removed leases of runs that were counted as made and then did not run. */
export const spared = (left: ReturnType<typeof leaving>) =>
  left.filter(({ lease, outcome }) => lease.skip === undefined && outcome && !isRan(outcome));

const isRan = (outcome: Outcome | undefined): boolean =>
  outcome?.status === 'succeeded' || outcome?.status === 'failed';

const streakAfter = (streak: number, outcome: Outcome | undefined): number => {
  if (outcome?.status === 'succeeded') return Math.max(0, streak) + 1;
  if (outcome?.status !== 'failed' || externalFailures.includes(outcome.failure)) return streak;
  return Math.min(0, streak) - 1;
};

/** Whether the breaker must be open: it opens after `failures` failures in a row and closes on a success. */
const breakerIsOpen = (was: JobState, streak: number, outcomes: (Outcome | undefined)[], failures: number): boolean => {
  if (outcomes.some((outcome) => outcome?.status === 'succeeded')) return false;
  return was.breaker !== null || (failures > 0 && -streak >= failures);
};

/** Compares a job's cost and health after a write with the runs whose leases it adds and removes. */
const change = (write: Stated, facts: Facts): string[] => {
  const { was, is, actor } = write;
  const left = leaving(write, facts);
  const outcomes = left.map(({ outcome }) => outcome);
  const isRecorded = (run: string) =>
    facts.wrote.some((each) => isRun(each) && runOf(each) === run && each.order < write.order);
  const unsettled = left.filter(({ lease, outcome }) => !outcome && isRecorded(lease.run));
  const usd = was.spent.day.usd + outcomes.reduce((sum, outcome) => sum + (outcome?.usage.usd ?? 0), 0);
  const runs = Math.max(0, was.spent.day.runs - spared(left).length) + entering(write).length;
  const streak = outcomes.reduce(streakAfter, was.streak);
  const failures = (facts.play.job.breaker as { failures: number } | undefined)?.failures ?? 5;
  const isOpen = breakerIsOpen(was, streak, outcomes, failures);
  const successes = facts.runs.filter(({ id }) =>
    left.some(({ lease, outcome }) => lease.run === id && outcome?.status === 'succeeded'),
  );
  const lastSuccess = [was.lastSuccess ?? '', ...successes.map(({ slot }) => slot)].sort().at(-1) || null;
  return [
    ...unsettled.map(({ lease }) => `${actor} removed the lease of ${lease.run}, which has no outcome`),
    ...(Math.abs(is.spent.day.usd - usd) > 1e-9 ? [`${actor} counts ${is.spent.day.usd} USD, expected ${usd}`] : []),
    ...(is.spent.day.runs === runs ? [] : [`${actor} counts ${is.spent.day.runs} runs, expected ${runs}`]),
    ...(is.streak === streak ? [] : [`${actor} counts a streak of ${is.streak}, expected ${streak}`]),
    ...(Boolean(is.breaker) === isOpen ? [] : [`${actor} leaves the breaker ${isOpen ? 'closed' : 'open'}`]),
    ...(is.lastSuccess === lastSuccess
      ? []
      : [`${actor} stores ${is.lastSuccess} as the last success, expected ${lastSuccess}`]),
  ];
};

/** Runs that were recorded as open without a lease or a place in the queue. */
const unplaced = ({ wrote, states }: Facts): string[] =>
  wrote.filter(isRun).flatMap(({ item, order, actor }) => {
    const { id, outcome } = JSON.parse(String(item.data));
    const state = states.findLast((write) => write.order < order)?.is ?? blank;
    const placed = outcome || state.queued === id || among(state).includes(id);
    return placed ? [] : [`${actor} recorded ${id}, which has neither a lease nor a place in the queue`];
  });

/** Every run's lease is removed once, and the same write counts its cost and its outcome. */
export const accounted = (facts: Facts): string[] => {
  const { states, runs } = facts;
  const last = states.at(-1)?.is ?? blank;
  const left = states.flatMap((write) => leaving(write, facts).filter(({ outcome }) => outcome));
  const once = countEach(left.map(({ lease }) => lease.run));
  const uncounted = runs.filter(({ id, outcome }) => isRan(outcome ?? undefined) && !once.some(([run]) => run === id));
  const usd = runs.reduce((sum, { outcome }) => sum + (outcome?.usage.usd ?? 0), 0);
  return [
    ...states.flatMap((write) => change(write, facts)),
    ...unplaced(facts),
    ...once.flatMap(([run, count]) => (count > 1 ? [`the lease of ${run} was removed ${count} times`] : [])),
    ...uncounted.map(({ id }) => `${id} ran and was never counted`),
    ...last.open.map(({ run }) => `${run} still has its lease at the end`),
    ...(last.queued === null ? [] : [`${last.queued} is still queued at the end`]),
    ...(Math.abs(last.spent.day.usd - usd) > 1e-9
      ? [`the job has spent ${usd} USD and counts ${last.spent.day.usd}`]
      : []),
  ];
};
