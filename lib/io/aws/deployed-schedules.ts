import { DeleteScheduleCommand, GetScheduleCommand, type SchedulerClient } from '@aws-sdk/client-scheduler';
import { scheduleName } from '../../schedule/schedule.ts';
import type { DeployedSchedules } from '../../watch/deployed-schedule.ts';
import { authorized } from './credential.ts';

const isMissing = (thrown: unknown): boolean => thrown instanceof Error && thrown.name === 'ResourceNotFoundException';

/** The schedules of one group in EventBridge Scheduler, named after their jobs. Throws Unauthorized, or the SDK's error. */
export const schedulerDeployedSchedules = (client: SchedulerClient, group: string): DeployedSchedules => ({
  async get(job) {
    const name = scheduleName(job);
    try {
      const request = client.send(new GetScheduleCommand({ Name: name, GroupName: group }));
      const schedule = await authorized(`schedule ${group}/${name}`, request);
      const { ScheduleExpression = '', ScheduleExpressionTimezone = 'UTC', State } = schedule;
      const createdAt = schedule.CreationDate ?? new Date(0);
      return {
        expression: ScheduleExpression,
        timezone: ScheduleExpressionTimezone,
        start: schedule.StartDate?.toJSON(),
        end: schedule.EndDate?.toJSON(),
        enabled: State !== 'DISABLED',
        createdAt: createdAt.toJSON(),
        modifiedAt: (schedule.LastModificationDate ?? createdAt).toJSON(),
      };
    } catch (thrown) {
      if (isMissing(thrown)) return undefined;
      throw thrown;
    }
  },

  async remove(job) {
    const name = scheduleName(job);
    try {
      const request = client.send(new DeleteScheduleCommand({ Name: name, GroupName: group }));
      await authorized(`schedule ${group}/${name}`, request);
    } catch (thrown) {
      if (!isMissing(thrown)) throw thrown;
    }
  },
});
