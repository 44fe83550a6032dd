import { type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { Executions } from '../execution.ts';

/** Executions of one state machine. A run's id is its execution's name, so Step Functions too refuses a second one. */
export const stateMachineExecutions = (client: SFNClient, stateMachineArn: string): Executions => ({
  async start(runId, input) {
    try {
      await client.send(new StartExecutionCommand({ stateMachineArn, name: runId, input: JSON.stringify(input) }));
      return 'started';
    } catch (thrown) {
      if (thrown instanceof Error && thrown.name === 'ExecutionAlreadyExists') return 'exists';
      throw thrown;
    }
  },
});
