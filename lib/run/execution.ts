import { startsAt } from '../job/spread.ts';
import { noUsage } from '../usage.ts';
import type { AttemptInput } from './attempt.ts';
import type { Run } from './run.ts';

/** Whether an execution goes on (`running`), how it ended, or that there is none (`none`). */
export type ExecutionStatus = 'none' | 'running' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** What an execution starts with: the state data of the first attempt, and the instant before which it is not made. */
export type ExecutionInput = { notBefore: string; first: AttemptInput };

/** The state machine executions of the service. */
export type Executions = {
  /**
   * Starts the execution of this name. `exists` where it ran before: Step Functions takes an equal start as a success while
   * the execution runs and refuses the name after it closed, for 90 days.
   */
  start(runId: string, input: ExecutionInput): Promise<'started' | 'exists'>;
  /** Ends an execution as ABORTED, with the error it should be told by. One that is over, or was never there, stays as it is. */
  stop(runId: string, error: string): Promise<void>;
  /** How the execution of this name stands. */
  status(runId: string): Promise<ExecutionStatus>;
};

/** The state data of a run's first attempt. */
export const firstInput = (runId: string): AttemptInput => ({
  runId,
  attempt: 1,
  version: 0,
  spent: noUsage,
  note: null,
});

/** What the execution of a run starts with. Nothing in it differs between two deliveries of one slot. */
export const executionInput = ({ id, job, slot }: Pick<Run, 'id' | 'job' | 'slot'>): ExecutionInput => ({
  notBefore: startsAt(slot, job),
  first: firstInput(id),
});
