import { SFNClient } from '@aws-sdk/client-sfn';
import { stateMachineExecutions } from '../lib/io/aws/executions.ts';
import { clientOptions, lambda, service } from '../lib/io/aws/lambda.ts';
import { configuredJobs } from '../lib/io/files/config.ts';
import { DispatchEvent, dispatch } from '../lib/lifecycle/dispatch.ts';

const { config, now, stores, observer } = service();
const jobs = configuredJobs(config.config);
const executions = stateMachineExecutions(new SFNClient(clientOptions), config.stateMachineArn);

/** Starts the run of a slot once, unless the job's other runs, a pause or a limit forbid it. */
export const handler = lambda(DispatchEvent, (event) => dispatch(event, { stores, executions, jobs, now, observer }));
