import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { schedulerDeployedSchedules } from '../lib/io/aws/deployed-schedules.ts';
import { stateMachineExecutions } from '../lib/io/aws/executions.ts';
import { clientOptions, lambda, service } from '../lib/io/aws/lambda.ts';
import { configuredJobList } from '../lib/io/files/config.ts';
import { watch } from '../lib/watch/watchman.ts';

const { config, now, stores, observe } = service();
const executions = stateMachineExecutions(new SFNClient(clientOptions), config.stateMachineArn);
const schedules = schedulerDeployedSchedules(new SchedulerClient(clientOptions), config.scheduleGroup);

/** Looks after every job: slots nobody delivered, runs that are stuck, schedules that are not as declared. What wakes it does not matter. */
export const handler = lambda(z.looseObject({}), async () => {
  const { recorded, ...told } = observe;
  const deps = {
    stores,
    executions,
    schedules,
    now,
    ...told,
    recorded: (run: Parameters<typeof recorded>[0]) => recorded(run, now()),
  };
  const findings = await watch(await configuredJobList(config.config), deps);
  observe.watched();
  return findings;
});
