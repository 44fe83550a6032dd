import { startsAt } from '../job/spread.ts';
import { noUsage } from '../usage.ts';
import type { AttemptInput } from './attempt.ts';
import type { Run } from './run.ts';

/** `none`: there is no execution. `running`: it has not ended. Otherwise how it ended. */
export type ExecutionStatus = 'none' | 'running' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** The input of an execution: the first attempt's state data, and the instant before which that attempt does not start. */
export type ExecutionInput = { notBefore: string; first: AttemptInput };

/** The state machine executions of the service. */
export type Executions = {
  /**
   * Starts the run's execution. Starting it again with equal input returns `started` while it runs, and `exists` for 90 days after it
   * ended.
   */
  start(runId: string, input: ExecutionInput): Promise<'started' | 'exists'>;
  /** Ends an execution as ABORTED, with this error's name. Does nothing where it has ended or does not exist. */
  stop(runId: string, error: string): Promise<void>;
  /** The status of the run's execution. */
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

/** The input of a run's execution. Equal for every delivery of one slot, as `Executions.start` needs. */
export const executionInput = ({ id, job, slot }: Pick<Run, 'id' | 'job' | 'slot'>): ExecutionInput => ({
  notBefore: startsAt(slot, job),
  first: firstInput(id),
});
