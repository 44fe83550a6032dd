import { Failure } from '../../../lib/failure.ts';
import type { Stores } from '../../../lib/io/store/stores.ts';
import type { Job } from '../../../lib/job/job.ts';
import { type Backlog, backlog, standIns } from '../../../lib/report/backlog.ts';
import { type Experience, experience } from '../../../lib/report/forecast.ts';
import { anchorOf } from '../../../lib/report/why.ts';
import { type Due, slotsAfter } from '../../../lib/schedule/calendar.ts';
import { slotAt } from '../../../lib/schedule/slot.ts';
import { count } from '../print/format.ts';
import { typedTime } from '../print/time.ts';

/** A range as a person typed it, and how many slots it may hold. */
export type Asked = { from: string; to?: string; limit: number };

/** The work of a backfill, and its cost as past runs suggest. The range includes both ends. */
export type BackfillPlan = { from: Date; to: Date; slots: number; left: Backlog; known: Experience | null };

/** How many of a job's last runs the cost is estimated from. */
const maxRunsRead = 200;

const rangeOf = ({ from, to }: Asked, { schedule }: Job, now: Date): { from: Date; to: Date } => {
  const start = typedTime(from, '--from', schedule.timezone, now).reached;
  const end = to === undefined ? now.getTime() : typedTime(to, '--to', schedule.timezone, now).end;
  if (start > now.getTime())
    throw new Failure('InvalidSlot', `--from: found "${from}", expected a time that has passed`);
  if (end < start) throw new Failure('InvalidSlot', `--to: found "${to}", expected a time after --from, "${from}"`);
  return { from: new Date(start), to: new Date(Math.min(end, now.getTime())) };
};

type Range = { from: Date; to: Date; anchor: Date };

const dueIn = (job: Job, { from, to, anchor }: Range, limit: number): Due[] => {
  const last = slotAt(to);
  const due: Due[] = [];
  for (const one of slotsAfter(job.schedule, new Date(from.getTime() - 1), { anchor })) {
    if (one.slot > last) break;
    due.push(one);
    if (due.length <= limit) continue;
    throw new Failure('InvalidEvent', `--from: found more than ${count(limit)} slots up to --to; --limit allows more`);
  }
  return due;
};

/**
 * Plans the slots of a range that have no success yet. A rate with an unknown anchor counts from the range's start. Throws InvalidSlot for an
 * invalid range, InvalidEvent for one over the limit.
 */
export const backfillPlan = async (
  job: Job,
  asked: Asked,
  now: Date,
  stores: Stores | undefined,
): Promise<BackfillPlan> => {
  const { from, to } = rangeOf(asked, job, now);
  const [past = [], look] = await Promise.all([
    stores?.runs.byJob(job.name, { limit: maxRunsRead }),
    stores?.checkpoints.get(job.name),
  ]);
  const anchor = anchorOf(job, look, past, now);
  const due = dueIn(job, { from, to, anchor: anchor.known ? anchor.at : from }, asked.limit);
  const query = { from: slotAt(from), to: slotAt(to), limit: Number.POSITIVE_INFINITY };
  const own = (await stores?.runs.byJob(job.name, query)) ?? [];
  const others = await Promise.all(standIns(own).map((id) => stores?.runs.get(id)));
  const runs = [...own, ...others.filter((run) => run !== undefined)];
  return { from, to, slots: due.length, left: backlog(due, runs), known: experience(job, past) };
};
