import { boundsOf } from '../../lib/calendar.ts';
import type { Deployment } from '../../lib/deployment.ts';
import type { Job } from '../../lib/job.ts';
import { scheduleExpression } from '../../lib/schedule.ts';

/** A schedule as it stands at Scheduler where everything is as the job file says. */
export const deploymentOf = (job: Job, at: string, more: Partial<Deployment> = {}): Deployment => ({
  expression: scheduleExpression(job.schedule),
  timezone: job.schedule.timezone,
  ...boundsOf(job.schedule),
  enabled: true,
  createdAt: at,
  modifiedAt: at,
  ...more,
});
