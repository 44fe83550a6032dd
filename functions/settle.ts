import { SFNClient } from '@aws-sdk/client-sfn';
import { ExecutionEndEvent } from '../lib/io/aws/execution-end.ts';
import { stateMachineExecutions } from '../lib/io/aws/executions.ts';
import { clientOptions, lambda, service } from '../lib/io/aws/lambda.ts';
import { settle } from '../lib/lifecycle/settle.ts';

const { config, now, stores, observer } = service();
const executions = stateMachineExecutions(new SFNClient(clientOptions), config.stateMachineArn);

/** Records a run's outcome at the end of its execution, also after a dead execution, and starts the run that waited for it. */
export const handler = lambda(ExecutionEndEvent, (end) => settle(end, { stores, executions, now, observer }));
