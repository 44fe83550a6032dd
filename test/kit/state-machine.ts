import type { ExecutionInput, ExecutionStatus, Executions } from '../../lib/run/execution.ts';

type Execution = { input: ExecutionInput; status: Exclude<ExecutionStatus, 'none'>; error?: string };

/** Runs before each call of the state machine, so that a test can make the call fail. */
type Before = (call: string, run: string) => Promise<void>;

/**
 * Step Functions as dispatch and settle see it: an equal start of an execution that runs is a success, a name that ran before is taken, and
 * only what runs can be stopped. `asked`: every start, in order.
 */
export const stateMachine = (before: Before = async () => {}) => {
  const all = new Map<string, Execution>();
  const asked: { id: string; input: ExecutionInput }[] = [];
  const executions: Executions = {
    async start(id, input) {
      await before('start', id);
      asked.push({ id, input });
      const known = all.get(id);
      if (known) return known.status === 'running' ? 'started' : 'exists';
      all.set(id, { input, status: 'running' });
      return 'started';
    },
    async stop(id, error) {
      await before('stop', id);
      const known = all.get(id);
      if (known?.status === 'running') all.set(id, { ...known, status: 'ABORTED', error });
    },
    async status(id) {
      await before('status', id);
      return all.get(id)?.status ?? 'none';
    },
  };
  return { all, asked, executions };
};
