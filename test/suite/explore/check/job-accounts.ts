import type { JobState } from '../../../../lib/policy/job-state.ts';
import type { Outcome } from '../../../../lib/run/outcome.ts';
import { blank, type Facts, isRun, runOf, type Stated } from '../schedule-facts.ts';
import { counted } from './count-each.ts';

/** Ends that say nothing about the job: somebody else made them. */
const notItsFault = ['ExecutionAborted', 'Superseded'];

const among = (state: JobState): string[] => state.open.map(({ run }) => run);

/** The runs that lost their place in a write, each with its outcome, undefined where it was never recorded. */
export const leaving = ({ was, is, order }: Stated, { outcomeAt }: Facts) =>
  was.open
    .filter(({ run }) => !among(is).includes(run))
    .map((lease) => ({ lease, outcome: outcomeAt(lease.run, order) }));
/** The places that were given in a write. A run that leaves the queue and is skipped gets none. */
export const entering = ({ was, is }: Stated) =>
  is.open.filter(({ run, skip }) => skip === undefined && !among(was).includes(run));
/** Those among the runs that lost their place which had been counted, and were not made after all. */
export const spared = (left: ReturnType<typeof leaving>) =>
  left.filter(({ lease, outcome }) => lease.skip === undefined && outcome && !isRan(outcome));

const isRan = (outcome: Outcome | undefined): boolean =>
  outcome?.status === 'succeeded' || outcome?.status === 'failed';

const streakAfter = (streak: number, outcome: Outcome | undefined): number => {
  if (outcome?.status === 'succeeded') return Math.max(0, streak) + 1;
  if (outcome?.status !== 'failed' || notItsFault.includes(outcome.failure)) return streak;
  return Math.min(0, streak) - 1;
};

/** A breaker opens after so many failures in a row, goes on as it is, and closes on a success: written here by the job file's words. */
const breakerIsOpen = (was: JobState, streak: number, outcomes: (Outcome | undefined)[], failures: number): boolean => {
  if (outcomes.some((outcome) => outcome?.status === 'succeeded')) return false;
  return was.breaker !== null || (failures > 0 && -streak >= failures);
};

/** What a write made of a job's cost and health, against what the runs that left and came give. */
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
    ...unsettled.map(({ lease }) => `${actor} took the place of ${lease.run}, which has no outcome`),
    ...(Math.abs(is.spent.day.usd - usd) > 1e-9 ? [`${actor} counts ${is.spent.day.usd} usd of ${usd} spent`] : []),
    ...(is.spent.day.runs === runs ? [] : [`${actor} counts ${is.spent.day.runs} runs of ${runs}`]),
    ...(is.streak === streak ? [] : [`${actor} counts a streak of ${is.streak}, and it is ${streak}`]),
    ...(Boolean(is.breaker) === isOpen ? [] : [`${actor} leaves the breaker ${isOpen ? 'closed' : 'open'}`]),
    ...(is.lastSuccess === lastSuccess ? [] : [`${actor} says ${is.lastSuccess} was the last success`]),
  ];
};

/** A run is recorded as open only where it has its place. */
const unplaced = ({ wrote, states }: Facts): string[] =>
  wrote.filter(isRun).flatMap(({ item, order, actor }) => {
    const { id, outcome } = JSON.parse(String(item.data));
    const state = states.findLast((write) => write.order < order)?.is ?? blank;
    const placed = outcome || state.queued === id || among(state).includes(id);
    return placed ? [] : [`${actor} recorded ${id}, which has no place`];
  });

/** Every run has one place, leaves it once, and leaves its cost and how it went behind, in the same write. */
export const accounted = (facts: Facts): string[] => {
  const { states, runs } = facts;
  const last = states.at(-1)?.is ?? blank;
  const left = states.flatMap((write) => leaving(write, facts).filter(({ outcome }) => outcome));
  const once = counted(left.map(({ lease }) => lease.run));
  const uncounted = runs.filter(({ id, outcome }) => isRan(outcome ?? undefined) && !once.some(([run]) => run === id));
  const usd = runs.reduce((sum, { outcome }) => sum + (outcome?.usage.usd ?? 0), 0);
  return [
    ...states.flatMap((write) => change(write, facts)),
    ...unplaced(facts),
    ...once.flatMap(([run, count]) => (count > 1 ? [`${run} left its place ${count} times`] : [])),
    ...uncounted.map(({ id }) => `${id} ran, and is not accounted for`),
    ...last.open.map(({ run }) => `${run} has its place when all is over`),
    ...(last.queued === null ? [] : [`${last.queued} waits when all is over`]),
    ...(Math.abs(last.spent.day.usd - usd) > 1e-9
      ? [`the job has spent ${usd}, and counts ${last.spent.day.usd}`]
      : []),
  ];
};
