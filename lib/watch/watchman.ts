import { isDeepStrictEqual } from 'node:util';
import { asFailure, Failure } from '../failure.ts';
import type { Job } from '../job/job.ts';
import type { DispatchDeps } from '../lifecycle/dispatch.ts';
import type { Finding, Observer } from '../run/observer.ts';
import { type Run, runName } from '../run/run.ts';
import { type Due, dueBetween, isOver } from '../schedule/calendar.ts';
import { type Slot, slotAt } from '../schedule/slot.ts';
import { type CaughtUp, catchUp, promisedOf } from './catch-up.ts';
import type { Checkpoint, Checkpoints } from './checkpoint.ts';
import { type DeployedSchedules, drift } from './deployed-schedule.ts';
import {
  checkpointFrom,
  type ExpectedSlots,
  expectedSlots,
  firstCheckpoint,
  type Observation,
} from './expected-slots.ts';
import { isStale, promisedFrom } from './freshness.ts';
import { dropLostLeases, reconcile } from './reconcile.ts';

export type WatchDeps = Omit<DispatchDeps, 'jobs'> & {
  stores: DispatchDeps['stores'] & { checkpoints: Checkpoints };
  schedules: DeployedSchedules;
  observer: Pick<Observer, 'jobChecked' | 'jobCheckFailed' | 'allJobsChecked'>;
};

/** How long after a slot its delivery may still arrive, in milliseconds: Scheduler fires within the minute, and Lambda may try twice more. */
const graceMs = 3 * 60_000;
/** How often the watchman writes a checkpoint while nothing is due, in milliseconds, so that operators see that it runs. */
const quietMs = 3_600_000;

const secondBefore = (slot: Slot): Slot => slotAt(new Date(Date.parse(slot) - 1000));

/** The job's runs from a slot on. */
const runsSince = (job: string, from: Slot, { stores: { runs } }: WatchDeps): Promise<Run[]> =>
  runs.byJob(job, { from, limit: Number.POSITIVE_INFINITY });

/** The due slots without a run, and slots without a run that recorded slots name as their cover, whatever the schedule is by now. */
const undeliveredOf = (due: Due[], runs: Run[]): Due[] => {
  const recorded = new Set(runs.flatMap(({ slot, suffix }) => (suffix === undefined ? [slot] : [])));
  const promised = [...promisedOf(runs)].map((id) => runName(id).slot);
  const others = promised.filter((slot) => !due.some((one) => one.slot === slot));
  const all = [...due, ...others.map((slot): Due => ({ slot, by: 'schedule' }))];
  return all.filter(({ slot }) => !recorded.has(slot)).sort((a, b) => (a.slot < b.slot ? -1 : 1));
};

/** Catches up the due slots that were not delivered. */
const catchUpDue = async (job: Job, due: Due[], from: Slot, deps: WatchDeps & DispatchDeps): Promise<CaughtUp> => {
  const runs = await runsSince(job.name, from, deps);
  const undelivered = undeliveredOf(due, runs);
  return undelivered.length > 0 ? catchUp(job, undelivered, runs, deps) : nothing;
};

const nothing: CaughtUp = { missed: [], covered: [], started: [], left: undefined };

/** Whether the checkpoint has news: the first one, a slot that was due, a changed schedule, or an hour since the last. */
const isWorthWriting = (last: Checkpoint | undefined, next: Checkpoint, hadDue: boolean): boolean => {
  if (!last) return true;
  const { accountedUpTo, lookedAt } = next;
  const isSame = isDeepStrictEqual({ ...last, accountedUpTo, lookedAt }, next);
  const isRecent = Date.parse(lookedAt) - Date.parse(last.lookedAt) < quietMs;
  return !isSame || !isRecent || (hadDue && accountedUpTo > last.accountedUpTo);
};

/** Writes the checkpoint. Where another watchman was faster, its checkpoint stays, and the next check goes on from there. */
const writeCheckpoint = async (next: Checkpoint, { stores: { checkpoints } }: WatchDeps): Promise<void> => {
  try {
    await checkpoints.put({ ...next, version: next.version + 1 });
  } catch (thrown) {
    if (!(thrown instanceof Failure && thrown.name === 'JobConflict')) throw thrown;
  }
};

const isJobStale = async (job: Job, { anchor }: Checkpoint, now: Date, deps: WatchDeps): Promise<boolean> => {
  if (job.freshBy === undefined) return false;
  const since = promisedFrom(now, anchor);
  const runs = await runsSince(job.name, slotAt(since), deps);
  return isStale(job, dueBetween(job.schedule, since, now, { anchor: new Date(anchor.at) }), runs, now);
};

/** The runs that show at which instants a rate fires. A cron needs none. */
const deliveredRuns = async (job: Job, checkpoint: Checkpoint, deps: WatchDeps): Promise<Run[]> => {
  const isRate = job.schedule.rate !== undefined || checkpoint.schedule?.rate !== undefined;
  return isRate ? runsSince(job.name, checkpoint.accountedUpTo, deps) : [];
};

/**
 * The checkpoint after a check. It takes over a changed schedule once every slot due before the change is accounted for, and stays as it is while
 * a deployment may be under way.
 */
const nextCheckpoint = (
  checkpoint: Checkpoint,
  expected: ExpectedSlots | undefined,
  { left }: CaughtUp,
  now: Date,
): Checkpoint => {
  if (!expected) return checkpoint;
  const { schedule, anchor, to } = expected;
  const next = { ...checkpoint, lookedAt: now.toJSON() };
  if (left === undefined) return { ...next, schedule, anchor, accountedUpTo: slotAt(to) };
  return Date.parse(left) > expected.since.getTime()
    ? { ...next, schedule, anchor, accountedUpTo: secondBefore(left) }
    : { ...next, accountedUpTo: secondBefore(left) };
};

/** Removes a one-time schedule after its slot is accounted for: CloudFormation has no ActionAfterCompletion. */
const removeFired = async (job: Job, { accountedUpTo }: Checkpoint, { schedules }: WatchDeps): Promise<void> => {
  if (job.schedule.at !== undefined && isOver(job.schedule, new Date(accountedUpTo))) await schedules.remove(job);
};

/** Checks one job. Every write is conditional, so two watchmen at once do no harm. */
const checkJob = async (job: Job, watchDeps: WatchDeps): Promise<Finding> => {
  const deps = { ...watchDeps, jobs: async (name: string) => (name === job.name ? job : undefined) };
  const mended = await reconcile(job, deps);
  const now = deps.now();
  const deployed = await deps.schedules.get(job);
  const differences = drift(job, deployed, now);
  const last = await deps.stores.checkpoints.get(job.name);
  const first = firstCheckpoint(job, deployed, differences, now);
  const checkpoint = last ? checkpointFrom(last, first, { job, deployed }) : first;
  const delivered = await deliveredRuns(job, checkpoint, deps);
  const observation: Observation = { job, deployed, differences, delivered };
  const expected = expectedSlots(checkpoint, observation, new Date(now.getTime() - graceMs), now);
  const due = expected?.due ?? [];
  const caughtUp = due.length > 0 ? await catchUpDue(job, due, checkpoint.accountedUpTo, deps) : nothing;
  await dropLostLeases(mended, job.name, deps);
  const driftSince = differences.length === 0 ? null : (checkpoint.driftSince ?? now.toJSON());
  const next = { ...nextCheckpoint(checkpoint, expected, caughtUp, now), driftSince };
  if (isWorthWriting(last, next, due.length > 0)) await writeCheckpoint(next, deps);
  if (deployed) await removeFired(job, next, deps);
  return { ...caughtUp, mended, drift: differences, stale: await isJobStale(job, next, now, deps) };
};

/**
 * Checks every job: due slots without a run, stuck and dead runs, schedules that differ from their files, missing successes of the day. A job that
 * cannot be checked does not stop the others; at the end `watch` throws the first such failure.
 */
export const watch = async (jobs: Job[], deps: WatchDeps): Promise<Record<string, Finding>> => {
  const findings: Record<string, Finding> = {};
  let first: Failure | undefined;
  for (const job of jobs) {
    try {
      const finding = await checkJob(job, deps);
      findings[job.name] = finding;
      deps.observer.jobChecked(job, finding);
    } catch (thrown) {
      const failure = asFailure(thrown);
      deps.observer.jobCheckFailed(job, failure);
      first ??= failure;
    }
  }
  if (first) throw first;
  deps.observer.allJobsChecked();
  return findings;
};
