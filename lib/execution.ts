import type { AttemptInput } from './attempt.ts';
import { noUsage } from './usage.ts';

/** The state machine executions of the service. */
export type Executions = {
  /**
   * Starts the execution of this name. `exists` where it ran before: Step Functions takes an equal start as a success while
   * the execution runs and refuses the name after it closed, for 90 days.
   */
  start(runId: string, input: AttemptInput): Promise<'started' | 'exists'>;
};

/** What an execution starts with. Nothing in it differs between two deliveries of one slot. */
export const executionInput = (runId: string): AttemptInput => ({
  runId,
  attempt: 1,
  version: 0,
  spent: noUsage,
  note: null,
});
