import { GetScheduleCommand, type SchedulerClient } from '@aws-sdk/client-scheduler';
import type { Deployments } from '../deployment.ts';

/** The schedules of one group at EventBridge Scheduler, named after their jobs. */
export const schedulerDeployments = (client: SchedulerClient, group: string): Deployments => ({
  async get(job) {
    try {
      const found = await client.send(new GetScheduleCommand({ Name: job, GroupName: group }));
      const { ScheduleExpression = '', ScheduleExpressionTimezone = 'UTC', State } = found;
      const createdAt = (found.CreationDate ?? new Date(0)).toJSON();
      return {
        expression: ScheduleExpression,
        timezone: ScheduleExpressionTimezone,
        enabled: State !== 'DISABLED',
        createdAt,
        modifiedAt: found.LastModificationDate?.toJSON() ?? createdAt,
      };
    } catch (thrown) {
      if (thrown instanceof Error && thrown.name === 'ResourceNotFoundException') return undefined;
      throw thrown;
    }
  },
});
