import { SFNClient } from '@aws-sdk/client-sfn';
import { stateMachineExecutions } from '../lib/io/aws/executions.ts';
import { clientOptions, lambda, service } from '../lib/io/aws/lambda.ts';
import { configuredJobs } from '../lib/io/files/config.ts';
import { DispatchEvent, dispatch } from '../lib/lifecycle/dispatch.ts';

const { config, now, stores, observe } = service();
const jobs = configuredJobs(config.config);
const executions = stateMachineExecutions(new SFNClient(clientOptions), config.stateMachineArn);

/** Takes a slot, and starts its run, once, if its job's other runs, pauses and limits let it. */
export const handler = lambda(DispatchEvent, (event) =>
  dispatch(event, {
    stores,
    executions,
    jobs,
    now,
    recorded: (run) => observe.recorded(run, now()),
    settled: observe.settled,
    tripped: observe.tripped,
  }),
);
