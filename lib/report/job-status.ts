import type { Job } from '../job/job.ts';
import { spentOf } from '../policy/budget.ts';
import { freshState, type JobState, type JobStates } from '../policy/job-state.ts';
import { pausedNow } from '../policy/pause.ts';
import { hasRun } from '../run/outcome.ts';
import { type Run, type Runs, runStatus } from '../run/run.ts';
import { dueBetween } from '../schedule/calendar.ts';
import { scheduleExpression } from '../schedule/schedule.ts';
import { slotAt } from '../schedule/slot.ts';
import type { Checkpoint, Checkpoints } from '../watch/checkpoint.ts';
import { isStale, promisedFrom } from '../watch/freshness.ts';
import { inEnglish } from './schedule-text.ts';
import { type Anchor, anchorOf, neighbours } from './why.ts';

/** What a status is read from. */
type Stores = { runs: Runs; states: JobStates; checkpoints: Checkpoints };

/** How many of a job's last runs are read. */
const recentRuns = 20;

/** Whether a run of the day has succeeded by the hour that the job promises. Null where it promises none, or nobody has looked at it yet. */
const freshness = async (
  job: Job,
  look: Checkpoint | undefined,
  now: Date,
  stores: Stores | undefined,
): Promise<boolean | null> => {
  if (job.freshBy === undefined || look === undefined) return null;
  const since = promisedFrom(now, look.anchor);
  const anchor = new Date(look.anchor.at);
  const query = { from: slotAt(since), limit: Number.POSITIVE_INFINITY };
  const runs = (await stores?.runs.byJob(job.name, query)) ?? [];
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

/** What the month of a slot has cost so far. `usd` is null where nothing of it had a known price; `unpriced`: something had none. */
const monthOf = ({ schedule, limits }: Job, { spent }: JobState, past: Run[], now: Date) => {
  const { of, usd, runs } = spentOf(spent, slotAt(now), schedule.timezone).month;
  const unpriced = past.some(({ outcome }) => hasRun(outcome) && outcome.usage.usd === null);
  return { of, usd: unpriced && usd === 0 ? null : usd, unpriced, runs, limit: limits.perMonth ?? null };
};

const nextOf = ({ schedule, enabled }: Job, anchor: Anchor, now: Date) =>
  enabled && anchor.known ? (neighbours(schedule, now.getTime(), anchor.at).next?.slot ?? null) : null;

const watched = (look: Checkpoint | undefined) => ({
  driftSince: look?.driftSince ?? null,
  lookedTo: look?.accountedUpTo ?? null,
});

/** All there is to tell of a job. What is not known is null. */
export const jobStatus = async (job: Job, now: Date, stores: Stores | undefined) => {
  const { name, schedule } = job;
  const [stored, look, past = []] = await Promise.all([
    stores?.states.get(name),
    stores?.checkpoints.get(name),
    stores?.runs.byJob(name, { limit: recentRuns }),
  ]);
  const state = stored ?? freshState(name);
  const anchor = anchorOf(job, look, past);
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
    fresh: await freshness(job, look, now, stores),
    ...watched(look),
  };
};
export type JobStatus = Awaited<ReturnType<typeof jobStatus>>;
