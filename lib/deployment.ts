import type { Job } from './job.ts';
import { scheduleExpression } from './schedule.ts';

/** A job's schedule as it stands at EventBridge Scheduler. The instant is as JavaScript writes it, in UTC. */
export type Deployment = {
  expression: string;
  timezone: string;
  enabled: boolean;
  /** When it was made or last changed. */
  modifiedAt: string;
};

/** The schedules at EventBridge Scheduler. */
export type Deployments = {
  /** The schedule of a job, or undefined where there is none. */
  get(job: Pick<Job, 'name' | 'schedule'>): Promise<Deployment | undefined>;
  /** Removes the schedule of a job. One that is not there stays away. */
  remove(job: Pick<Job, 'name' | 'schedule'>): Promise<void>;
};

/**
 * What differs between a job file and its schedule at Scheduler, each in a sentence; none when they agree. `over` tells whether Scheduler has
 * nothing left to fire, so that there may be no schedule.
 */
export const drift = (job: Job, deployed: Deployment | undefined, over: () => boolean): string[] => {
  if (!job.enabled) return deployed?.enabled ? ['the schedule is enabled, and the job file says enabled: false'] : [];
  if (!deployed) return over() ? [] : ['the schedule is missing'];
  const differs = (what: string, found: string, expected: string) =>
    found === expected ? [] : [`${what}: found ${found}, expected ${expected}`];
  return [
    ...(deployed.enabled ? [] : ['the schedule is disabled, and the job file says it is not']),
    ...differs('expression', deployed.expression, scheduleExpression(job.schedule)),
    ...differs('timezone', deployed.timezone, job.schedule.timezone),
  ];
};
