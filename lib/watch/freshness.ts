import type { Job } from '../job/job.ts';
import type { RunSummary } from '../run/run.ts';
import type { Due } from '../schedule/calendar.ts';
import { localDate, localTime } from '../schedule/local-date.ts';
import type { Checkpoint } from './checkpoint.ts';

/** Today's slots up to the job's `freshBy`, without those that its calendar skips. One of them must succeed by then. */
const promisedToday = ({ freshBy = '', schedule: { timezone } }: Job, due: Due[], now: Date): string[] => {
  const today = localDate(now, timezone);
  const counts = ({ slot, skip }: Due) =>
    skip === undefined && localDate(slot, timezone) === today && localTime(slot, timezone) <= freshBy;
  return due.filter(counts).map(({ slot }) => slot);
};

const isPaused = ({ outcome }: RunSummary): boolean => outcome?.status === 'skipped' && outcome.why === 'paused';

/** At least as long as the longest local day, in milliseconds. */
const longestDayMs = 26 * 3_600_000;

/** The instant after which this local day's slots count: the day's beginning, or when the schedule came into force. A confirmed anchor is itself a slot. */
export const promisedFrom = (now: Date, { at, confirmed }: Checkpoint['anchor']): Date =>
  new Date(Math.max(now.getTime() - longestDayMs, Date.parse(at) - (confirmed ? 1000 : 0)));

/** Whether today's `freshBy` has passed, so that a run must have succeeded. */
export const isPromiseDue = ({ enabled, freshBy, schedule: { timezone } }: Job, now: Date): boolean =>
  enabled && freshBy !== undefined && localTime(now, timezone) >= freshBy;

/**
 * Whether the job's `freshBy` has passed today and no run of today's slots succeeded, of the schedule or by hand. Paused slots do not count. `due` and
 * `runs` are those since `promisedFrom`.
 */
export const isStale = (job: Job, due: Due[], runs: RunSummary[], now: Date): boolean => {
  if (!isPromiseDue(job, now)) return false;
  const slots = promisedToday(job, due, now);
  const todays = runs.filter((run) => slots.includes(run.slot));
  const wanted = slots.filter((slot) => !todays.some((run) => run.slot === slot && isPaused(run)));
  return wanted.length > 0 && !todays.some(({ outcome }) => outcome?.status === 'succeeded');
};
