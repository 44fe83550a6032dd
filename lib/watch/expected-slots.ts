import { isDeepStrictEqual } from 'node:util';
import type { Job } from '../job/job.ts';
import type { Run } from '../run/run.ts';
import { boundsOf, type Due, dueBetween, isSlotOf, periodOf } from '../schedule/calendar.ts';
import type { Schedule } from '../schedule/schedule.ts';
import { type Slot, slotAt } from '../schedule/slot.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { DeployedSchedule } from './deployed-schedule.ts';

/** How long a deployment may take, in milliseconds: until then a schedule that is not as its file says is not judged by it. */
const deployingMs = 15 * 60_000;

type Anchor = Checkpoint['anchor'];

/** What was due of a job between two looks, and what the next look goes on from: the schedule that is in force `since`. */
export type ExpectedSlots = { due: Due[]; to: Date; schedule: Schedule | null; anchor: Anchor; since: Date };

/** What is known at a look: the job, its schedule as it stands at Scheduler, that one's differences, and the runs recorded since. */
export type Observation = { job: Job; deployed: DeployedSchedule | undefined; differences: string[]; delivered: Run[] };

/** After so long, in milliseconds, nobody has looked at a job for a time: a quiet look is written down once an hour. */
const unseenMs = 2 * 3_600_000;

/**
 * The look to go on from. A job that was not declared for a time was not looked at, and its schedule is made anew when it comes back: that is a
 * first look. (A schedule is named after its job, so that no other change makes it anew, but for the date of a one-time job.) A difference
 * from before the time that nobody looked tells nothing of now.
 */
export const checkpointFrom = (
  seen: Checkpoint,
  first: Checkpoint,
  { job, deployed }: Pick<Observation, 'job' | 'deployed'>,
): Checkpoint => {
  const lookedAt = Date.parse(seen.lookedAt);
  const isNew = deployed !== undefined && Date.parse(deployed.createdAt) - lookedAt > unseenMs;
  if (isNew && job.schedule.at === undefined && seen.schedule !== null) return { ...first, version: seen.version };
  const isOld = Date.parse(first.lookedAt) - lookedAt > unseenMs;
  return isOld && seen.driftSince !== null && Date.parse(seen.driftSince) <= lookedAt
    ? { ...seen, driftSince: null }
    : seen;
};

/** The first look at a job: of what was due before its schedule stood as it does nothing is known. What is not in place yet is not expected yet. */
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

/** Since when a schedule that has nothing left to fire is in force: not after its own end. */
const overSince = (schedule: Schedule, horizon: Date): Date => {
  const { end } = boundsOf(schedule);
  return end !== undefined && new Date(end) < horizon ? new Date(end) : horizon;
};

/**
 * When the job's own schedule took the place of the one that was expected so far: by Scheduler's word, or, if nobody has put it there for too
 * long, when that was first seen. One that leaves Scheduler nothing to fire is in place without being there, from its end on. Undefined while
 * it may still be on its way.
 */
const changedAt = (
  look: Checkpoint,
  { job, deployed, differences }: Observation,
  horizon: Date,
  now: Date,
): Date | undefined => {
  if (differences.length === 0 && deployed) return new Date(deployed.modifiedAt);
  if (differences.length === 0) return overSince(job.schedule, horizon);
  const since = look.driftSince === null ? now : new Date(look.driftSince);
  return now.getTime() - since.getTime() > deployingMs ? since : undefined;
};

/**
 * A slot that a rate was seen to fire at tells of those before it: the first on its grid that was seen itself, or that is due, whatever the rate
 * counts from, a period after the schedule was made or changed.
 */
const firstOf = (fired: Slot[], seen: Slot, made: Slot, rate: string): Slot => {
  const [period, last] = [periodOf(rate), Date.parse(seen)];
  const first = fired.map((slot) => Date.parse(slot)).find((each) => (last - each) % period === 0) ?? last;
  const earliest = Math.min(first, Date.parse(made) + period);
  return slotAt(new Date(last - Math.max(0, Math.floor((last - earliest) / period)) * period));
};

/**
 * Where a rate counts from: AWS does not tell, so the slots it is seen to deliver do. Until then a slot is expected
 * one full period after the schedule was made or changed. One that fires elsewhere than it did is not told of what it did in between.
 */
const anchored = (schedule: Schedule, anchor: Anchor, delivered: Run[]): Anchor => {
  if (schedule.rate === undefined) return anchor;
  const from = slotAt(new Date(Date.parse(anchor.at) - 60_000));
  const fired = delivered.filter(({ origin, suffix, slot }) => origin === 'schedule' && !suffix && slot >= from);
  const onGrid = (slot: string): boolean =>
    slot <= anchor.at || isSlotOf(schedule, slot, { anchor: new Date(anchor.at) });
  const telling = anchor.confirmed ? fired.filter(({ slot }) => !onGrid(slot)) : fired;
  const slots = telling.map(({ slot }) => slot).sort();
  const last = slots.at(-1);
  if (last === undefined) return anchor;
  return { at: anchor.confirmed ? last : firstOf(slots, last, anchor.at, schedule.rate), confirmed: true };
};

type Segment = { schedule: Schedule | null; after: Date; to: Date; anchor: Anchor };

const dueIn = ({ schedule, after, to, anchor }: Segment): Due[] =>
  schedule === null || after >= to ? [] : dueBetween(schedule, after, to, { anchor: new Date(anchor.at) });

const bounded = (instant: Date, low: Date, high: Date): Date => (instant < low ? low : instant > high ? high : instant);

/** Whether the schedule was put in place anew since the last look, so that its rate may count from there. */
const rateMoved = (look: Checkpoint, { deployed, differences }: Observation): boolean =>
  look.schedule?.rate !== undefined &&
  differences.length === 0 &&
  deployed !== undefined &&
  slotAt(new Date(deployed.modifiedAt)) > look.accountedUpTo;

/** Since when the job's own schedule is in force, and a rate counts. What Scheduler does not see, as other exclusion dates, moves nothing. */
const begun = (look: Checkpoint, wanted: Schedule, change: Date, sight: Observation): Anchor => {
  const { schedule: old, anchor } = look;
  const seen = ({ cron, rate, at, timezone, start }: Schedule) => ({ cron, rate, at, timezone, start });
  const isSame = old !== null && isDeepStrictEqual(seen(old), seen(wanted)) && !rateMoved(look, sight);
  return isSame ? anchor : { at: slotAt(change), confirmed: false };
};

/** Nobody has looked at the job for a time, and its schedule is not there, or not yet: a job that was not declared may be on its way back. */
const mayBeComingBack = (look: Checkpoint, sight: Observation, horizon: Date, now: Date): boolean =>
  now.getTime() - Date.parse(look.lookedAt) > unseenMs &&
  sight.differences.length > 0 &&
  changedAt(look, sight, horizon, now) === undefined;

/**
 * What was due since the last look, up to `horizon`: by the schedule expected so far until the moment it was changed, by the job's own from then
 * on. Undefined while a deployment may be under way: then nothing is judged yet.
 */
export const expectedSlots = (
  look: Checkpoint,
  sight: Observation,
  horizon: Date,
  now: Date,
): ExpectedSlots | undefined => {
  const wanted = sight.job.enabled ? sight.job.schedule : null;
  const after = new Date(look.accountedUpTo);
  if (horizon <= after) return { due: [], to: after, schedule: look.schedule, anchor: look.anchor, since: after };
  const old = { schedule: look.schedule, after, anchor: look.anchor };
  const same = isDeepStrictEqual(look.schedule, wanted) && !rateMoved(look, sight);
  if (mayBeComingBack(look, sight, horizon, now)) return undefined;
  if (same || wanted === null) {
    const anchor = look.schedule === null ? look.anchor : anchored(look.schedule, look.anchor, sight.delivered);
    const due = dueIn({ ...old, anchor, to: horizon });
    return { due, to: horizon, schedule: wanted, anchor, since: same ? after : horizon };
  }
  const at = changedAt(look, sight, horizon, now);
  if (at === undefined) return undefined;
  const change = bounded(at, after, horizon);
  const before = dueIn({ ...old, to: change });
  if (at > horizon) return { due: before, to: horizon, schedule: look.schedule, anchor: look.anchor, since: after };
  const anchor = anchored(wanted, begun(look, wanted, change, sight), sight.delivered);
  return {
    due: [...before, ...dueIn({ schedule: wanted, after: change, anchor, to: horizon })],
    to: horizon,
    schedule: wanted,
    anchor,
    since: change,
  };
};
