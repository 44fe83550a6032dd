import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { schedulerDeployedSchedules } from '../lib/io/aws/deployed-schedules.ts';
import { stateMachineExecutions } from '../lib/io/aws/executions.ts';
import { clientOptions, lambda, service } from '../lib/io/aws/lambda.ts';
import { configuredJobList } from '../lib/io/files/config.ts';
import { watch } from '../lib/watch/watchman.ts';

const { config, now, stores, observer } = service();
const executions = stateMachineExecutions(new SFNClient(clientOptions), config.stateMachineArn);
const schedules = schedulerDeployedSchedules(new SchedulerClient(clientOptions), config.scheduleGroup);

/** Checks every job: undelivered slots, stuck runs, drifted schedules. The event's content is ignored. */
export const handler = lambda(z.looseObject({}), async () =>
  watch(await configuredJobList(config.config), { stores, executions, schedules, now, observer }),
);
