import { isDeepStrictEqual } from 'node:util';
import { asFailure, Failure } from '../failure.ts';
import type { Job } from '../job/job.ts';
import type { DispatchDeps } from '../lifecycle/dispatch.ts';
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
import { dropLostLeases, type Mended, reconcile } from './reconcile.ts';

/** What a look at a job has found: nothing of all this when all is well. */
export type Finding = CaughtUp & { mended: Mended[]; drift: string[]; stale: boolean };

export type WatchDeps = Omit<DispatchDeps, 'jobs'> & {
  stores: DispatchDeps['stores'] & { checkpoints: Checkpoints };
  schedules: DeployedSchedules;
  /** Told of each job it has looked at. */
  looked(job: Job, finding: Finding): void;
  /** Told of each job it could not look at. */
  blind(job: Job, failure: Failure): void;
};

/** How long after a slot its delivery may still come, in milliseconds: Scheduler fires within the minute, Lambda may try twice more. */
const graceMs = 3 * 60_000;
/** A look that found nothing due is written down this often, in milliseconds, so that one can see that there was one. */
const quietMs = 3_600_000;

const before = (slot: Slot): Slot => slotAt(new Date(Date.parse(slot) - 1000));

/** The runs of a job's own slots from an instant on, the open ones of which wait for nothing but their execution. */
const runsSince = (job: string, from: Slot, { stores: { runs } }: WatchDeps): Promise<Run[]> =>
  runs.byJob(job, { from, limit: Number.POSITIVE_INFINITY });

/** Every slot of these that has no run, and those that others were promised to be caught up by, whatever the schedule is by now. */
const lostOf = (due: Due[], known: Run[]): Due[] => {
  const recorded = new Set(known.flatMap(({ slot, suffix }) => (suffix === undefined ? [slot] : [])));
  const promised = [...promisedOf(known)].map((id) => runName(id).slot);
  const others = promised.filter((slot) => !due.some((one) => one.slot === slot));
  const all = [...due, ...others.map((slot): Due => ({ slot, by: 'schedule' }))];
  return all.filter(({ slot }) => !recorded.has(slot)).sort((a, b) => (a.slot < b.slot ? -1 : 1));
};

/** Deals with those of the due slots that nobody delivered. */
const judge = async (job: Job, due: Due[], from: Slot, deps: WatchDeps & DispatchDeps): Promise<CaughtUp> => {
  const known = await runsSince(job.name, from, deps);
  const lost = lostOf(due, known);
  return lost.length > 0 ? catchUp(job, lost, known, deps) : nothing;
};

const nothing: CaughtUp = { missed: [], covered: [], started: [], left: undefined };

/** Writes a look down: the first, and any that has changed, or found something due; a quiet one now and then. Loses to another watchman's without harm. */
const writeCheckpoint = async (
  seen: Checkpoint | undefined,
  next: Checkpoint,
  busy: boolean,
  { stores: { checkpoints } }: WatchDeps,
): Promise<void> => {
  if (seen) {
    const isSame = isDeepStrictEqual({ ...seen, accountedUpTo: next.accountedUpTo, lookedAt: next.lookedAt }, next);
    const isRecent = Date.parse(next.lookedAt) - Date.parse(seen.lookedAt) < quietMs;
    if (isSame && isRecent && !(busy && next.accountedUpTo > seen.accountedUpTo)) return;
  }
  try {
    await checkpoints.put({ ...next, version: next.version + 1 });
  } catch (thrown) {
    if (!(thrown instanceof Failure && thrown.name === 'JobConflict')) throw thrown;
  }
};

const stale = async (job: Job, { anchor }: Checkpoint, now: Date, deps: WatchDeps): Promise<boolean> => {
  if (job.freshBy === undefined) return false;
  const since = promisedFrom(now, anchor);
  const runs = await runsSince(job.name, slotAt(since), deps);
  return isStale(job, dueBetween(job.schedule, since, now, { anchor: new Date(anchor.at) }), runs, now);
};

/** The deliveries that tell where a rate counts from. A cron needs none. */
const deliveries = async (job: Job, look: Checkpoint, deps: WatchDeps): Promise<Run[]> => {
  const isRate = job.schedule.rate !== undefined || look.schedule?.rate !== undefined;
  return isRate ? runsSince(job.name, look.accountedUpTo, deps) : [];
};

/** The look that follows. A change of the schedule is behind us when all that was due before it is. One that judged nothing yet was none. */
const nextCheckpoint = (
  look: Checkpoint,
  expected: ExpectedSlots | undefined,
  { left }: CaughtUp,
  now: Date,
): Checkpoint => {
  if (!expected) return look;
  const { schedule, anchor, to } = expected;
  const next = { ...look, lookedAt: now.toJSON() };
  if (left === undefined) return { ...next, schedule, anchor, accountedUpTo: slotAt(to) };
  return Date.parse(left) > expected.since.getTime()
    ? { ...next, schedule, anchor, accountedUpTo: before(left) }
    : { ...next, accountedUpTo: before(left) };
};

/** A one-time schedule removes itself, once its slot is accounted for: CloudFormation knows no ActionAfterCompletion that would. */
const removeFired = async (job: Job, { accountedUpTo }: Checkpoint, { schedules }: WatchDeps): Promise<void> => {
  if (job.schedule.at !== undefined && isOver(job.schedule, new Date(accountedUpTo))) await schedules.remove(job);
};

/** Looks at one job. Everything it does is done under conditions, so that two watchmen at once do no harm. */
const lookAt = async (job: Job, deps: WatchDeps): Promise<Finding> => {
  const own = { ...deps, jobs: async (name: string) => (name === job.name ? job : undefined) };
  const mended = await reconcile(job, own);
  const now = deps.now();
  const deployed = await deps.schedules.get(job);
  const differences = drift(job, deployed, now);
  const seen = await deps.stores.checkpoints.get(job.name);
  const first = firstCheckpoint(job, deployed, differences, now);
  const look = seen ? checkpointFrom(seen, first, { job, deployed }) : first;
  const sight: Observation = { job, deployed, differences, delivered: await deliveries(job, look, deps) };
  const expected = expectedSlots(look, sight, new Date(now.getTime() - graceMs), now);
  const due = expected?.due ?? [];
  const done = due.length > 0 ? await judge(job, due, look.accountedUpTo, own) : nothing;
  await dropLostLeases(mended, job.name, own);
  const driftSince = differences.length === 0 ? null : (look.driftSince ?? now.toJSON());
  const next = { ...nextCheckpoint(look, expected, done, now), driftSince };
  await writeCheckpoint(seen, next, due.length > 0, deps);
  if (deployed) await removeFired(job, next, deps);
  return { ...done, mended, drift: differences, stale: await stale(job, next, now, deps) };
};

/**
 * Looks at every job: slots that were due since its last look and have no run, runs that are stuck or dead, schedules that are not as their
 * files say, days without the success that was promised. One job it cannot look at hides no other; then it throws, at the end, what
 * stood in the way.
 */
export const watch = async (jobs: Job[], deps: WatchDeps): Promise<Record<string, Finding>> => {
  const findings: Record<string, Finding> = {};
  let first: Failure | undefined;
  for (const job of jobs) {
    try {
      const finding = await lookAt(job, deps);
      findings[job.name] = finding;
      deps.looked(job, finding);
    } catch (thrown) {
      const failure = asFailure(thrown);
      deps.blind(job, failure);
      first ??= failure;
    }
  }
  if (first) throw first;
  return findings;
};
