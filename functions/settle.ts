import { SFNClient } from '@aws-sdk/client-sfn';
import { stateMachineExecutions } from '../lib/io/aws/executions.ts';
import { clientOptions, lambda, service } from '../lib/io/aws/lambda.ts';
import { SettleInput, settle } from '../lib/lifecycle/settle.ts';

const { config, now, stores, observe } = service();
const executions = stateMachineExecutions(new SFNClient(clientOptions), config.stateMachineArn);

/** Records a run's outcome: at the end of its execution, or after its execution died. Starts the run that waited for it. */
export const handler = lambda(SettleInput, (input) =>
  settle(input, { stores, executions, now, settled: observe.settled, tripped: observe.tripped }),
);
