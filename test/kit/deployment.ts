import type { Job } from '../../lib/job/job.ts';
import { boundsOf } from '../../lib/schedule/calendar.ts';
import { scheduleExpression } from '../../lib/schedule/schedule.ts';
import type { DeployedSchedule } from '../../lib/watch/deployed-schedule.ts';

/** A schedule as Scheduler reports it when it matches the job file. */
export const deploymentOf = (job: Job, at: string, more: Partial<DeployedSchedule> = {}): DeployedSchedule => ({
  expression: scheduleExpression(job.schedule),
  timezone: job.schedule.timezone,
  ...boundsOf(job.schedule),
  enabled: true,
  createdAt: at,
  modifiedAt: at,
  ...more,
});
