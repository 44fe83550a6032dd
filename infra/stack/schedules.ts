import type { Job } from '../../lib/job/job.ts';
import { boundsOf, isOver } from '../../lib/schedule/calendar.ts';
import { type Schedule, scheduleExpression, scheduleName } from '../../lib/schedule/schedule.ts';

/**
 * A logical id for a job's schedule: letters and digits only. Names are lower case, so `Dash` and `At` make no two of them equal.
 * That of a one-time job has its date in it, as its name has: one that has removed itself could not be changed to another date.
 */
export const scheduleId = (job: Pick<Job, 'name' | 'schedule'>): string => {
  const date = scheduleName(job).slice(job.name.length).replace('-', 'At');
  return `ScheduleOf${job.name.replaceAll('-', 'Dash')}${date}`;
};

/**
 * One schedule per enabled job that EventBridge still has to fire, in the stage's group. A slot that could not be handed to dispatch is
 * tried again for a day, as long as Scheduler can, and then kept in the dead letters. What dispatch gets is the slot itself, so every
 * delivery of it is equal. Excluded dates are delivered too: dispatch records them. CloudFormation knows no ActionAfterCompletion:
 * the watchman removes a one-time schedule that has fired.
 */
export const schedules = (jobs: Job[], now: Date): Record<string, unknown> => ({
  ScheduleGroup: { Type: 'AWS::Scheduler::ScheduleGroup', Properties: { Name: 'nightshift-${sls:stage}' } },
  ...Object.fromEntries(
    jobs.filter((job) => job.enabled && !isOver(job.schedule, now)).map((job) => [scheduleId(job), schedule(job, now)]),
  ),
});

/**
 * Scheduler refuses a StartDate more than 5 minutes in the past (so it answers; not documented): one that has passed is left out, which changes
 * nothing for a cron. That both bounds are within is believed: AWS says "on, or after" and "on, or before". It ignores them for `at`.
 */
const bounds = (of: Schedule, now: Date): Record<string, string> => {
  const { start, end } = boundsOf(of);
  return {
    ...(start !== undefined && new Date(start) > now && { StartDate: start }),
    ...(end !== undefined && { EndDate: end }),
  };
};

const schedule = (job: Job, now: Date): unknown => ({
  Type: 'AWS::Scheduler::Schedule',
  Properties: {
    Name: scheduleName(job),
    GroupName: { Ref: 'ScheduleGroup' },
    ...(job.description && { Description: job.description }),
    ScheduleExpression: scheduleExpression(job.schedule),
    ScheduleExpressionTimezone: job.schedule.timezone,
    ...bounds(job.schedule, now),
    FlexibleTimeWindow: { Mode: 'OFF' },
    State: 'ENABLED',
    Target: {
      Arn: { 'Fn::GetAtt': ['DispatchLambdaFunction', 'Arn'] },
      RoleArn: { 'Fn::GetAtt': ['ScheduleRole', 'Arn'] },
      Input: JSON.stringify({ job: job.name, slot: '<aws.scheduler.scheduled-time>' }),
      RetryPolicy: { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 },
      DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] } },
    },
  },
});
