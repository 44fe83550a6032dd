import type { Job } from '../job/job.ts';
import { boundsOf, isOver } from '../schedule/calendar.ts';
import { scheduleExpression } from '../schedule/schedule.ts';

/** A job's schedule at EventBridge Scheduler. Instants are ISO text in UTC, with milliseconds. */
export type DeployedSchedule = {
  expression: string;
  timezone: string;
  start?: string | undefined;
  end?: string | undefined;
  enabled: boolean;
  createdAt: string;
  /** When it was created or last updated. */
  modifiedAt: string;
};

/** The schedules at EventBridge Scheduler. */
export type DeployedSchedules = {
  /** The schedule of a job, or undefined where there is none. */
  get(job: Pick<Job, 'name' | 'schedule'>): Promise<DeployedSchedule | undefined>;
  /** Removes the schedule of a job. Does nothing where there is none. */
  remove(job: Pick<Job, 'name' | 'schedule'>): Promise<void>;
};

/**
 * How a job file and its schedule at Scheduler differ, one sentence each; empty when they agree. A schedule with nothing left to fire may be missing,
 * and so may a start that has passed.
 */
export const drift = (job: Job, deployed: DeployedSchedule | undefined, now: Date): string[] => {
  if (!job.enabled) return deployed?.enabled ? ['the schedule is enabled, and the job file says enabled: false'] : [];
  if (!deployed) return isOver(job.schedule, now) ? [] : ['the schedule is missing'];
  const differs = (what: string, found = 'none', expected = 'none') =>
    found === expected ? [] : [`${what}: found ${found}, expected ${expected}`];
  const instant = (text: string | undefined) => (text === undefined ? undefined : new Date(text));
  const ahead = (start: Date | undefined) => (start !== undefined && start > now ? start.toJSON() : undefined);
  const { start, end } = boundsOf(job.schedule);
  return [
    ...(deployed.enabled ? [] : ['the schedule is disabled, and the job file says it is not']),
    ...differs('expression', deployed.expression, scheduleExpression(job.schedule)),
    ...differs('timezone', deployed.timezone, job.schedule.timezone),
    ...differs('start', ahead(instant(deployed.start)), ahead(instant(start))),
    ...differs('end', instant(deployed.end)?.toJSON(), instant(end)?.toJSON()),
  ];
};
