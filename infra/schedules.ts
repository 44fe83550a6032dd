import type { Job } from '../lib/job.ts';
import { scheduleExpression } from '../lib/schedule.ts';

/** A logical id for a job's schedule: letters and digits only. Names are lower case, so `Dash` makes no two of them equal. */
export const scheduleId = (name: string): string => `ScheduleOf${name.replaceAll('-', 'Dash')}`;

/**
 * One schedule per enabled job, in the stage's group. A slot that could not be handed to dispatch is tried again for a day, as
 * long as Scheduler can, and then kept in the dead letters. What dispatch gets is the slot itself, so every delivery of it is equal.
 */
export const schedules = (jobs: Job[]): Record<string, unknown> => ({
  ScheduleGroup: { Type: 'AWS::Scheduler::ScheduleGroup', Properties: { Name: 'nightshift-${sls:stage}' } },
  ...Object.fromEntries(jobs.filter((job) => job.enabled).map((job) => [scheduleId(job.name), schedule(job)])),
});

const schedule = (job: Job): unknown => ({
  Type: 'AWS::Scheduler::Schedule',
  Properties: {
    Name: job.name,
    GroupName: { Ref: 'ScheduleGroup' },
    ...(job.description && { Description: job.description }),
    ScheduleExpression: scheduleExpression(job.schedule),
    ScheduleExpressionTimezone: job.schedule.timezone,
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
