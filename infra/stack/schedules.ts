import type { Job } from '../../lib/job/job.ts';
import { boundsOf, isOver } from '../../lib/schedule/calendar.ts';
import { scheduleExpression, scheduleName } from '../../lib/schedule/schedule.ts';

/**
 * A logical id for a job's schedule: letters and digits only. Job names are lower case, so `Dash` and `At` never make two ids equal.
 * A one-time job's id contains its date, as the schedule's name does: CloudFormation cannot update a schedule that was removed after it fired.
 */
export const scheduleId = (job: Pick<Job, 'name' | 'schedule'>): string => {
  const date = scheduleName(job).slice(job.name.length).replace('-', 'At');
  return `ScheduleOf${job.name.replaceAll('-', 'Dash')}${date}`;
};

/**
 * One schedule for each enabled job that EventBridge still has to fire, in the stage's group. Scheduler retries a failed delivery for a day, its
 * longest, then moves it to the dead letters.
 */
export const schedules = (jobs: Job[], now: Date): Record<string, unknown> => ({
  ScheduleGroup: { Type: 'AWS::Scheduler::ScheduleGroup', Properties: { Name: 'nightshift-${sls:stage}' } },
  ...Object.fromEntries(
    jobs.filter((job) => job.enabled && !isOver(job.schedule, now)).map((job) => [scheduleId(job), schedule(job, now)]),
  ),
});

/**
 * A job's schedule in the words of Scheduler's API, which CloudFormation shares. `target` names the function to invoke and the role to invoke it
 * with. Dates are ISO text and inclusive.
 */
export const scheduleSettings = <Target extends object>(job: Job, target: Target) => {
  const { start, end } = boundsOf(job.schedule);
  return {
    Name: scheduleName(job),
    ...(job.description && { Description: job.description }),
    ScheduleExpression: scheduleExpression(job.schedule),
    ScheduleExpressionTimezone: job.schedule.timezone,
    ...(start !== undefined && { StartDate: start }),
    ...(end !== undefined && { EndDate: end }),
    FlexibleTimeWindow: { Mode: 'OFF' as const },
    State: 'ENABLED' as const,
    Target: {
      ...target,
      // The slot itself, so that every delivery of a slot is equal. Excluded dates are delivered too: dispatch records them as skipped.
      Input: JSON.stringify({ job: job.name, slot: '<aws.scheduler.scheduled-time>' }),
      RetryPolicy: { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 },
    },
  };
};

/**
 * The schedule as a resource of the template. Scheduler refuses a StartDate more than 5 minutes in the past (observed, not documented), so a past
 * one is omitted, which changes nothing for a cron.
 */
const schedule = (job: Job, now: Date): unknown => {
  const { StartDate, ...settings } = scheduleSettings(job, {
    Arn: { 'Fn::GetAtt': ['DispatchLambdaFunction', 'Arn'] },
    RoleArn: { 'Fn::GetAtt': ['ScheduleRole', 'Arn'] },
    DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] } },
  });
  // CloudFormation has no ActionAfterCompletion: the watchman removes a one-time schedule after it has fired.
  return {
    Type: 'AWS::Scheduler::Schedule',
    Properties: {
      GroupName: { Ref: 'ScheduleGroup' },
      ...settings,
      ...(StartDate !== undefined && new Date(StartDate) > now && { StartDate }),
    },
  };
};
