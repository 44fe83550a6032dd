import { Failure } from '../failure.ts';
import type { Job } from '../job/job.ts';
import { spentOf } from '../policy/budget.ts';
import { freshState, type JobState, type JobStates } from '../policy/job-state.ts';
import { pausedNow } from '../policy/pause.ts';
import { costOf, hasRun } from '../run/outcome.ts';
import { type Run, type Runs, runStatus } from '../run/run.ts';
import { dueBetween, slotsAfter } from '../schedule/calendar.ts';
import { scheduleExpression } from '../schedule/schedule.ts';
import { slotAt } from '../schedule/slot.ts';
import type { Checkpoint, Checkpoints } from '../watch/checkpoint.ts';
import { isStale, promisedFrom } from '../watch/freshness.ts';
import { inEnglish } from './schedule-text.ts';
import { type Anchor, anchorOf } from './why.ts';

type Stores = { runs: Runs; states: JobStates; checkpoints: Checkpoints };

/** How many of a job's latest runs the status reads. */
const recentRuns = 20;
/** How many of a day's runs tell whether the job is fresh: one a minute, and as many by hand. */
const mostRuns = 3200;

/** Whether a run of the day succeeded by `freshBy`. Null if the job has no `freshBy` or the watchman has not checked the job yet. */
const freshness = async (
  job: Job,
  checkpoint: Checkpoint | undefined,
  now: Date,
  stores: Stores | undefined,
): Promise<boolean | null> => {
  if (job.freshBy === undefined || checkpoint === undefined) return null;
  const since = promisedFrom(now, checkpoint.anchor);
  const anchor = new Date(checkpoint.anchor.at);
  const runs = (await stores?.runs.summaries(job.name, { from: slotAt(since), limit: mostRuns })) ?? [];
  return !isStale(job, dueBetween(job.schedule, since, now, { anchor }), runs, now);
};

const lastOf = (past: Run[]) => {
  const run = past.find(({ outcome }) => outcome !== null);
  if (!run?.outcome) return null;
  const { id, slot, outcome } = run;
  return {
    run: id,
    slot,
    status: runStatus(run),
    failure: outcome.status === 'failed' ? outcome.failure : null,
    why: outcome.status === 'skipped' ? outcome.why : null,
    endedAt: outcome.endedAt,
  };
};

/** The current month's usage. `unpriced`: some recent run had no known price. If no cost is known of any, `usd` is null. */
const monthOf = ({ schedule, limits }: Job, { spent }: JobState, past: Run[], now: Date) => {
  const { of, usd, runs } = spentOf(spent, slotAt(now), schedule.timezone).month;
  const unpriced = past.some(({ outcome }) => hasRun(outcome) && outcome.usage.usd === null);
  const ran = past.flatMap(({ outcome }) => (hasRun(outcome) ? [outcome] : []));
  const isUnknown = usd === 0 && ran.length > 0 && ran.every((outcome) => costOf(outcome) === null);
  return { of, usd: (unpriced && usd === 0) || isUnknown ? null : usd, unpriced, runs, limit: limits.perMonth ?? null };
};

const nextOf = ({ schedule, enabled }: Job, anchor: Anchor, now: Date) =>
  enabled && anchor.known
    ? (slotsAfter(schedule, now, { anchor: anchor.at }).find(({ skip }) => skip === undefined)?.slot ?? null)
    : null;

const watched = (checkpoint: Checkpoint | undefined) => ({
  driftSince: checkpoint?.driftSince ?? null,
  lookedTo: checkpoint?.accountedUpTo ?? null,
});

/**
 * The status of a job. Unknown values are null; without `stores`, only the job file is used. `damaged`: an item of the job that cannot be read, so that
 * only its file is.
 */
export const jobStatus = async (job: Job, now: Date, stores: Stores | undefined): Promise<JobStatus> => {
  try {
    return await statusOf(job, now, stores);
  } catch (thrown) {
    if (!(thrown instanceof Failure && thrown.name === 'DamagedItem')) throw thrown;
    return { ...(await statusOf(job, now, undefined)), damaged: thrown.message };
  }
};

const statusOf = async (job: Job, now: Date, stores: Stores | undefined) => {
  const { name, schedule } = job;
  const [stored, checkpoint, past = []] = await Promise.all([
    stores?.states.get(name),
    stores?.checkpoints.get(name),
    stores?.runs.byJob(name, { limit: recentRuns }),
  ]);
  const state = stored ?? freshState(name);
  const anchor = anchorOf(job, checkpoint, past, now);
  return {
    job: name,
    description: job.description ?? null,
    enabled: job.enabled,
    english: inEnglish(schedule),
    expression: scheduleExpression(schedule),
    timezone: schedule.timezone,
    next: nextOf(job, anchor, now),
    last: lastOf(past),
    lastSuccess: state.lastSuccess,
    streak: state.streak,
    paused: pausedNow(state.pauses, now) ?? null,
    breaker: state.breaker,
    open: state.open.map(({ run }) => run),
    queued: state.queued,
    month: monthOf(job, state, past, now),
    fresh: await freshness(job, checkpoint, now, stores),
    damaged: null as string | null,
    ...watched(checkpoint),
  };
};
export type JobStatus = Awaited<ReturnType<typeof statusOf>>;
