import { GetScheduleCommand, type SchedulerClient } from '@aws-sdk/client-scheduler';
import type { Deployments } from '../deployment.ts';
import { scheduleName } from '../schedule.ts';

/** The schedules of one group at EventBridge Scheduler, named after their jobs. */
export const schedulerDeployments = (client: SchedulerClient, group: string): Deployments => ({
  async get(job) {
    try {
      const found = await client.send(new GetScheduleCommand({ Name: scheduleName(job), GroupName: group }));
      const { ScheduleExpression = '', ScheduleExpressionTimezone = 'UTC', State } = found;
      return {
        expression: ScheduleExpression,
        timezone: ScheduleExpressionTimezone,
        enabled: State !== 'DISABLED',
        modifiedAt: (found.LastModificationDate ?? found.CreationDate ?? new Date(0)).toJSON(),
      };
    } catch (thrown) {
      if (thrown instanceof Error && thrown.name === 'ResourceNotFoundException') return undefined;
      throw thrown;
    }
  },
});
