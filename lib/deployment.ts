import type { Job } from './job.ts';
import { type Schedule, scheduleExpression } from './schedule.ts';

/** A job's schedule as it stands at EventBridge Scheduler. Instants are as JavaScript writes them, in UTC. */
export type Deployment = {
  expression: string;
  timezone: string;
  enabled: boolean;
  createdAt: string;
  modifiedAt: string;
};

/** The schedules at EventBridge Scheduler. */
export type Deployments = {
  /** The schedule of a job, or undefined where there is none. */
  get(job: string): Promise<Deployment | undefined>;
};

/** The slot of a one-time job is over, and with it its schedule, which removes itself. */
const isOver = ({ at, end }: Schedule, lastDue: () => boolean): boolean =>
  (at !== undefined || end !== undefined) && lastDue();

/**
 * What differs between a job file and its schedule at Scheduler, each in a sentence; none when they agree. `lastDue`: the job has no slot left,
 * so that its schedule may be gone.
 */
export const drift = (job: Job, deployed: Deployment | undefined, lastDue: () => boolean): string[] => {
  if (!job.enabled) return deployed?.enabled ? ['the schedule is enabled, and the job file says enabled: false'] : [];
  if (!deployed) return isOver(job.schedule, lastDue) ? [] : ['the schedule is missing'];
  const differs = (what: string, found: string, expected: string) =>
    found === expected ? [] : [`${what}: found ${found}, expected ${expected}`];
  return [
    ...(deployed.enabled ? [] : ['the schedule is disabled, and the job file says it is not']),
    ...differs('expression', deployed.expression, scheduleExpression(job.schedule)),
    ...differs('timezone', deployed.timezone, job.schedule.timezone),
  ];
};
