import { isDeepStrictEqual } from 'node:util';
import { asFailure, Failure } from '../failure.ts';
import type { Job } from '../job/job.ts';
import { type DispatchDeps, graceMs } from '../lifecycle/dispatch.ts';
import { untilWon } from '../policy/job-state.ts';
import type { Finding, Observer } from '../run/observer.ts';
import { type RunSummary, runName } from '../run/run.ts';
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
import { isPromiseDue, isStale, promisedFrom } from './freshness.ts';
import { type LookWindow, lookWindow, mostJudged } from './look-window.ts';
import { dropLostLeases, reconcile } from './reconcile.ts';
import type { SlotRanges } from './slot-range.ts';

export type WatchDeps = Omit<DispatchDeps, 'jobs'> & {
  stores: DispatchDeps['stores'] & { checkpoints: Checkpoints; ranges: SlotRanges };
  schedules: DeployedSchedules;
  observer: Pick<Observer, 'jobChecked' | 'jobCheckFailed' | 'allJobsChecked'>;
};

/** How often the watchman writes a checkpoint while nothing is due, in milliseconds, so that operators see that it runs. */
const quietMs = 3_600_000;

const secondBefore = (slot: Slot): Slot => slotAt(new Date(Date.parse(slot) - 1000));

/** How many of a job's runs one query of a check reads: those of the slots that it judges, and as many by hand. */
const mostRuns = 4 * mostJudged;

/** The newest runs of a job from a slot on. */
const runsSince = (job: string, from: Slot, { stores: { runs } }: WatchDeps): Promise<RunSummary[]> =>
  runs.summaries(job, { from, limit: mostRuns });

/** The due slots without a run, and slots without a run that recorded slots name as their cover, whatever the schedule is by now. */
const undeliveredOf = (due: Due[], runs: RunSummary[]): Due[] => {
  const recorded = new Set(runs.flatMap(({ slot, suffix }) => (suffix === undefined ? [slot] : [])));
  const promised = [...promisedOf(runs)].map((id) => runName(id).slot);
  const others = promised.filter((slot) => !due.some((one) => one.slot === slot));
  const all = [...due, ...others.map((slot): Due => ({ slot, by: 'schedule' }))];
  return all.filter(({ slot }) => !recorded.has(slot)).sort((a, b) => (a.slot < b.slot ? -1 : 1));
};

/** Records that the slots of a time that have no run are missed. A watchman that did so before its death, or another one, began the same range. */
const closeRange = async (
  job: string,
  { from, to }: { from: Slot; to: Slot },
  { stores: { ranges }, now }: WatchDeps,
): Promise<void> =>
  untilWon(async () => {
    const seen = await ranges.get(job, from);
    if (seen && seen.to >= to) return;
    await ranges.put({ job, from, to, closedAt: now().toJSON(), version: (seen?.version ?? 0) + 1 });
  });

/**
 * Closes the slots that are closed together, then catches up those that were not delivered. A slot that a run of the closed time names as its cover
 * is caught up too: a check died between the two.
 */
const catchUpWindow = async (
  job: Job,
  { due, closed, beyond }: LookWindow,
  after: Slot,
  deps: WatchDeps & DispatchDeps,
): Promise<CaughtUp> => {
  const { runs } = deps.stores;
  if (closed) await closeRange(job.name, closed, deps);
  const limit = mostRuns;
  const before = closed ? await runs.summaries(job.name, { ...closed, limit, oldestFirst: true }) : [];
  const from = closed ? closed.to : after;
  const recorded = await runs.summaries(job.name, { from, ...(beyond && { to: beyond }), limit });
  const all = [...recorded, ...before];
  const undelivered = undeliveredOf(due, all);
  const caughtUp = undelivered.length > 0 ? await catchUp(job, undelivered, all, deps) : nothing;
  return { ...caughtUp, left: caughtUp.left ?? beyond };
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
  if (!isPromiseDue(job, now)) return false;
  const since = promisedFrom(now, anchor);
  const runs = await runsSince(job.name, slotAt(since), deps);
  return isStale(job, dueBetween(job.schedule, since, now, { anchor: new Date(anchor.at) }), runs, now);
};

/** The runs that show at which instants a rate fires. A cron needs none. */
const deliveredRuns = async (job: Job, checkpoint: Checkpoint, deps: WatchDeps): Promise<RunSummary[]> => {
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
  const after = checkpoint.accountedUpTo;
  const window = expected
    ? lookWindow(job, expected.segments, { after: new Date(after), to: expected.to, now })
    : { due: [], closed: undefined, beyond: undefined };
  const { due, closed } = window;
  const hadDue = due.length > 0 || closed !== undefined;
  const caughtUp = hadDue ? await catchUpWindow(job, window, after, deps) : nothing;
  await dropLostLeases(mended, job.name, deps);
  const driftSince = differences.length === 0 ? null : (checkpoint.driftSince ?? now.toJSON());
  const next = { ...nextCheckpoint(checkpoint, expected, caughtUp, now), driftSince };
  if (isWorthWriting(last, next, hadDue)) await writeCheckpoint(next, deps);
  if (deployed) await removeFired(job, next, deps);
  return { ...caughtUp, closed, mended, drift: differences, stale: await isJobStale(job, next, now, deps) };
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
