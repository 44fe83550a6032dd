import { isDeepStrictEqual } from 'node:util';
import type { Job } from '../job/job.ts';
import type { RunSummary } from '../run/run.ts';
import { boundsOf, type Due, isSlotOf, periodOf, slotsAfter } from '../schedule/calendar.ts';
import type { Schedule } from '../schedule/schedule.ts';
import { type Slot, slotAt } from '../schedule/slot.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { DeployedSchedule } from './deployed-schedule.ts';

/** How long a deployment may take, in milliseconds. Until then, a schedule that differs from its job file is taken to be on its way. */
const deployingMs = 15 * 60_000;

type Anchor = Checkpoint['anchor'];

/** A time in which one schedule was in force: its slots are those later than `after`, up to `to`. */
export type Segment = { schedule: Schedule; after: Date; to: Date; anchor: Anchor };

/** A job's slots between two checks, up to `to`, and the schedule for the next check: in force since `since`, counting from `anchor`. */
export type ExpectedSlots = { segments: Segment[]; to: Date; schedule: Schedule | null; anchor: Anchor; since: Date };

/** What a check reads: the job, its schedule at Scheduler, how the two differ, and the runs recorded since the checkpoint. */
export type Observation = {
  job: Job;
  deployed: DeployedSchedule | undefined;
  differences: string[];
  delivered: RunSummary[];
};

/** A job whose last checkpoint is older than this, in milliseconds, was not checked for a time: quiet checkpoints come hourly. */
const uncheckedMs = 2 * 3_600_000;

/**
 * The checkpoint to go on from. A schedule created long after the last check belongs to a job that was removed and declared again, so its first
 * checkpoint applies. Drift from before a gap in the checks is forgotten.
 */
export const checkpointFrom = (
  last: Checkpoint,
  first: Checkpoint,
  { job, deployed }: Pick<Observation, 'job' | 'deployed'>,
): Checkpoint => {
  const lookedAt = Date.parse(last.lookedAt);
  // Deployments update a schedule in place, except a one-time job's: its name contains its date.
  const isNew = deployed !== undefined && Date.parse(deployed.createdAt) - lookedAt > uncheckedMs;
  if (isNew && job.schedule.at === undefined && last.schedule !== null) return { ...first, version: last.version };
  const isOld = Date.parse(first.lookedAt) - lookedAt > uncheckedMs;
  return isOld && last.driftSince !== null && Date.parse(last.driftSince) <= lookedAt
    ? { ...last, driftSince: null }
    : last;
};

/** A job's first checkpoint. Slots before the schedule's last change are not expected, and none are until the schedule is deployed. */
export const firstCheckpoint = (
  job: Job,
  deployed: DeployedSchedule | undefined,
  differences: string[],
  now: Date,
): Checkpoint => {
  const since = slotAt(deployed ? new Date(deployed.modifiedAt) : now);
  const inPlace = job.enabled && differences.length === 0;
  return {
    job: job.name,
    accountedUpTo: since,
    lookedAt: now.toJSON(),
    schedule: inPlace ? job.schedule : null,
    anchor: { at: since, confirmed: false },
    driftSince: null,
    version: 0,
  };
};

/** When a schedule that has nothing left to fire took effect: at its end or, if earlier, at the horizon. */
const overSince = (schedule: Schedule, horizon: Date): Date => {
  const { end } = boundsOf(schedule);
  return end !== undefined && new Date(end) < horizon ? new Date(end) : horizon;
};

/**
 * When the job file's schedule replaced the expected one: at Scheduler's modification time, or, after a deployment's longest time, when the drift
 * was first seen. Undefined while the deployment may be under way.
 */
const changedAt = (
  checkpoint: Checkpoint,
  { job, deployed, differences }: Observation,
  horizon: Date,
  now: Date,
): Date | undefined => {
  if (differences.length === 0 && deployed) return new Date(deployed.modifiedAt);
  if (differences.length === 0) return overSince(job.schedule, horizon);
  const since = checkpoint.driftSince === null ? now : new Date(checkpoint.driftSince);
  return now.getTime() - since.getTime() > deployingMs ? since : undefined;
};

/**
 * Returns the earliest slot on the grid of `seen` from a lower bound on. The bound is the first fired slot on that grid, or `made` plus one period
 * if that is earlier.
 */
const firstOf = (fired: Slot[], seen: Slot, made: Slot, rate: string): Slot => {
  const [period, last] = [periodOf(rate), Date.parse(seen)];
  const first = fired.map((slot) => Date.parse(slot)).find((each) => (last - each) % period === 0) ?? last;
  const earliest = Math.min(first, Date.parse(made) + period);
  return slotAt(new Date(last - Math.max(0, Math.floor((last - earliest) / period)) * period));
};

/**
 * The instant from which a rate counts. AWS does not report it, so it is inferred from delivered slots; until one is delivered, the first slot is
 * expected one period after the schedule was made or changed.
 */
const anchored = (schedule: Schedule, anchor: Anchor, delivered: RunSummary[]): Anchor => {
  if (schedule.rate === undefined) return anchor;
  const from = slotAt(new Date(Date.parse(anchor.at) - 60_000));
  const fired = delivered.filter(({ origin, suffix, slot }) => origin === 'schedule' && !suffix && slot >= from);
  const onGrid = (slot: string): boolean =>
    slot <= anchor.at || isSlotOf(schedule, slot, { anchor: new Date(anchor.at) });
  // A confirmed anchor moves only to a slot off its grid; the slots in between are not known.
  const telling = anchor.confirmed ? fired.filter(({ slot }) => !onGrid(slot)) : fired;
  const slots = telling.map(({ slot }) => slot).sort();
  const last = slots.at(-1);
  if (last === undefined) return anchor;
  return { at: anchor.confirmed ? last : firstOf(slots, last, anchor.at, schedule.rate), confirmed: true };
};

/** The segment, or none where no schedule was in force. */
const segmentOf = (schedule: Schedule | null, after: Date, to: Date, anchor: Anchor): Segment[] =>
  schedule === null || after >= to ? [] : [{ schedule, after, to, anchor }];

const bounded = (instant: Date, low: Date, high: Date): Date => (instant < low ? low : instant > high ? high : instant);

/** The first slots of the segments later than `after` and up to `to`, in order, at most `most`. The work is bounded by `most`. */
export const dueIn = (segments: Segment[], { after, to, most }: { after: Date; to: Date; most: number }): Due[] => {
  const due: Due[] = [];
  for (const { schedule, anchor, ...segment } of segments) {
    const from = bounded(after, segment.after, segment.to);
    const until = bounded(to, segment.after, segment.to).getTime();
    for (const each of slotsAfter(schedule, from, { anchor: new Date(anchor.at) })) {
      if (due.length >= most || Date.parse(each.slot) > until) break;
      due.push(each);
    }
  }
  return due;
};

/** Whether the schedule was modified after the checkpoint: its rate may count from then. */
const rateRestarted = (checkpoint: Checkpoint, { deployed, differences }: Observation): boolean =>
  checkpoint.schedule?.rate !== undefined &&
  differences.length === 0 &&
  deployed !== undefined &&
  slotAt(new Date(deployed.modifiedAt)) > checkpoint.accountedUpTo;

/** Since when the job file's schedule is in force. Fields that Scheduler does not have, such as exclusion dates, change nothing. */
const anchorOf = (checkpoint: Checkpoint, wanted: Schedule, change: Date, observation: Observation): Anchor => {
  const { schedule: old, anchor } = checkpoint;
  const deployedPart = ({ cron, rate, at, timezone, start }: Schedule) => ({ cron, rate, at, timezone, start });
  const isSame =
    old !== null &&
    isDeepStrictEqual(deployedPart(old), deployedPart(wanted)) &&
    !rateRestarted(checkpoint, observation);
  return isSame ? anchor : { at: slotAt(change), confirmed: false };
};

/** Whether the job was not checked for a time and its schedule is not deployed yet: a removed job may have been declared again. */
const mayBeReturning = (checkpoint: Checkpoint, observation: Observation, horizon: Date, now: Date): boolean =>
  now.getTime() - Date.parse(checkpoint.lookedAt) > uncheckedMs &&
  observation.differences.length > 0 &&
  changedAt(checkpoint, observation, horizon, now) === undefined;

/**
 * The slots from the checkpoint to `horizon`: by the checkpoint's schedule until it was replaced, then by the job file's. Undefined while a
 * deployment may be under way: the check then decides nothing.
 */
export const expectedSlots = (
  checkpoint: Checkpoint,
  observation: Observation,
  horizon: Date,
  now: Date,
): ExpectedSlots | undefined => {
  const wanted = observation.job.enabled ? observation.job.schedule : null;
  const after = new Date(checkpoint.accountedUpTo);
  if (horizon <= after)
    return { segments: [], to: after, schedule: checkpoint.schedule, anchor: checkpoint.anchor, since: after };
  const isSame = isDeepStrictEqual(checkpoint.schedule, wanted) && !rateRestarted(checkpoint, observation);
  if (mayBeReturning(checkpoint, observation, horizon, now)) return undefined;
  if (isSame || wanted === null) {
    const anchor =
      checkpoint.schedule === null
        ? checkpoint.anchor
        : anchored(checkpoint.schedule, checkpoint.anchor, observation.delivered);
    const segments = segmentOf(checkpoint.schedule, after, horizon, anchor);
    return { segments, to: horizon, schedule: wanted, anchor, since: isSame ? after : horizon };
  }
  const at = changedAt(checkpoint, observation, horizon, now);
  if (at === undefined) return undefined;
  const change = bounded(at, after, horizon);
  const before = segmentOf(checkpoint.schedule, after, change, checkpoint.anchor);
  if (at > horizon)
    return { segments: before, to: horizon, schedule: checkpoint.schedule, anchor: checkpoint.anchor, since: after };
  const anchor = anchored(wanted, anchorOf(checkpoint, wanted, change, observation), observation.delivered);
  return {
    segments: [...before, ...segmentOf(wanted, change, horizon, anchor)],
    to: horizon,
    schedule: wanted,
    anchor,
    since: change,
  };
};
