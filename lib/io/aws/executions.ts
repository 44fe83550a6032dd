import {
  DescribeExecutionCommand,
  type SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { ExecutionStatus, Executions } from '../../run/execution.ts';
import { authorized } from './credential.ts';

const isNamed = (thrown: unknown, name: string): boolean => thrown instanceof Error && thrown.name === name;

/** Translates Step Functions' status. An execution that waits for a redrive counts as running. */
const statusOf = (status: string | undefined): ExecutionStatus =>
  status === 'SUCCEEDED' || status === 'FAILED' || status === 'TIMED_OUT' || status === 'ABORTED' ? status : 'running';

/** Executions of one state machine, named by run id, so Step Functions refuses a second one. Throws Unauthorized, or the SDK's error. */
export const stateMachineExecutions = (client: SFNClient, stateMachineArn: string): Executions => {
  const send = <T>(request: Promise<T>) => authorized(`state machine ${stateMachineArn}`, request);
  const arnOf = (runId: string) => `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${runId}`;
  return {
    async start(runId, input) {
      try {
        await send(
          client.send(new StartExecutionCommand({ stateMachineArn, name: runId, input: JSON.stringify(input) })),
        );
        return 'started';
      } catch (thrown) {
        if (isNamed(thrown, 'ExecutionAlreadyExists')) return 'exists';
        throw thrown;
      }
    },

    async stop(runId, error) {
      try {
        await send(client.send(new StopExecutionCommand({ executionArn: arnOf(runId), error })));
      } catch (thrown) {
        if (!isNamed(thrown, 'ExecutionDoesNotExist')) throw thrown;
      }
    },

    async status(runId) {
      try {
        const { status } = await send(client.send(new DescribeExecutionCommand({ executionArn: arnOf(runId) })));
        return statusOf(status);
      } catch (thrown) {
        if (isNamed(thrown, 'ExecutionDoesNotExist')) return 'none';
        throw thrown;
      }
    },
  };
};
