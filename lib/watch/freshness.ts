import type { Job } from '../job/job.ts';
import type { Run } from '../run/run.ts';
import type { Due } from '../schedule/calendar.ts';
import { localDate, localTime } from '../schedule/schedule.ts';
import type { Checkpoint } from './checkpoint.ts';

/** The slots of the day on which a job with `freshBy` must have succeeded by that time: those due until then, that its calendar does not skip. */
const promisedToday = ({ freshBy = '', schedule: { timezone } }: Job, due: Due[], now: Date): string[] => {
  const today = localDate(now, timezone);
  const counts = ({ slot, skip }: Due) =>
    skip === undefined && localDate(slot, timezone) === today && localTime(slot, timezone) <= freshBy;
  return due.filter(counts).map(({ slot }) => slot);
};

/** A person's own pause is no surprise. */
const isPaused = ({ outcome }: Run): boolean => outcome?.status === 'skipped' && outcome.why === 'paused';

/** The longest local day, in milliseconds, and a little more. */
const longestDayMs = 26 * 3_600_000;

/** After when the slots of this local day are promised: its beginning, or when the schedule came into force. What a rate was seen to fire at is a slot. */
export const promisedFrom = (now: Date, { at, confirmed }: Checkpoint['anchor']): Date =>
  new Date(Math.max(now.getTime() - longestDayMs, Date.parse(at) - (confirmed ? 1000 : 0)));

/**
 * Whether it is past a job's `freshBy` and no run of today's slots, of whatever suffix, has succeeded. `due` and `runs` are those since `promisedFrom`.
 * The hour is that of the slot's own local day: a job that is due before midnight is not fresh after it.
 */
export const isStale = (job: Job, due: Due[], runs: Run[], now: Date): boolean => {
  if (job.freshBy === undefined || !job.enabled || localTime(now, job.schedule.timezone) < job.freshBy) return false;
  const slots = promisedToday(job, due, now);
  const todays = runs.filter((run) => slots.includes(run.slot));
  const wanted = slots.filter((slot) => !todays.some((run) => run.slot === slot && isPaused(run)));
  return wanted.length > 0 && !todays.some(({ outcome }) => outcome?.status === 'succeeded');
};
