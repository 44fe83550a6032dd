import { SFNClient } from '@aws-sdk/client-sfn';
import { DispatchEvent, dispatch } from '../lib/dispatch.ts';
import { configuredJobs } from '../lib/io/config.ts';
import { stateMachineExecutions } from '../lib/io/executions.ts';
import { clientOptions, lambda, service } from '../lib/io/lambda.ts';

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
