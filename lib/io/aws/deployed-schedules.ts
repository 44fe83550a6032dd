import { DeleteScheduleCommand, GetScheduleCommand, type SchedulerClient } from '@aws-sdk/client-scheduler';
import { scheduleName } from '../../schedule/schedule.ts';
import type { DeployedSchedules } from '../../watch/deployed-schedule.ts';

const isMissing = (thrown: unknown): boolean => thrown instanceof Error && thrown.name === 'ResourceNotFoundException';

/** The schedules of one group at EventBridge Scheduler, named after their jobs. */
export const schedulerDeployedSchedules = (client: SchedulerClient, group: string): DeployedSchedules => ({
  async get(job) {
    try {
      const found = await client.send(new GetScheduleCommand({ Name: scheduleName(job), GroupName: group }));
      const { ScheduleExpression = '', ScheduleExpressionTimezone = 'UTC', State } = found;
      const createdAt = found.CreationDate ?? new Date(0);
      return {
        expression: ScheduleExpression,
        timezone: ScheduleExpressionTimezone,
        start: found.StartDate?.toJSON(),
        end: found.EndDate?.toJSON(),
        enabled: State !== 'DISABLED',
        createdAt: createdAt.toJSON(),
        modifiedAt: (found.LastModificationDate ?? createdAt).toJSON(),
      };
    } catch (thrown) {
      if (isMissing(thrown)) return undefined;
      throw thrown;
    }
  },

  async remove(job) {
    try {
      await client.send(new DeleteScheduleCommand({ Name: scheduleName(job), GroupName: group }));
    } catch (thrown) {
      if (!isMissing(thrown)) throw thrown;
    }
  },
});
