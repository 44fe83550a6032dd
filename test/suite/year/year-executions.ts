import type { ExecutionStatus, Executions } from '../../../lib/run/execution.ts';
import type { Agenda } from './agenda.ts';

export type Execution = { run: string; status: ExecutionStatus; error: string | undefined; startedAt: number };

/** Simulates Step Functions for dispatch, settle and the watchman. Calls `begun` at the execution's `notBefore`. */
export const machine = (
  clock: Agenda,
  begun: (run: string) => Promise<void>,
  aborted: (execution: Execution) => void,
) => {
  const all = new Map<string, Execution>();
  const counts = { started: 0, again: 0, stopped: 0 };
  const executions: Executions = {
    async start(run, { notBefore }) {
      const known = all.get(run);
      if (known) {
        counts.again += 1;
        return known.status === 'running' ? 'started' : 'exists';
      }
      counts.started += 1;
      all.set(run, { run, status: 'running', error: undefined, startedAt: clock.now() });
      clock.add(Math.max(clock.now(), Date.parse(notBefore)), () => begun(run));
      return 'started';
    },
    async stop(run, error) {
      const known = all.get(run);
      if (known?.status !== 'running') return;
      counts.stopped += 1;
      Object.assign(known, { status: 'ABORTED', error });
      aborted(known);
    },
    status: async (run) => all.get(run)?.status ?? 'none',
  };
  return {
    executions,
    counts,
    all,
    end(run: string, status: ExecutionStatus) {
      const known = all.get(run);
      if (known?.status === 'running') known.status = status;
    },
    isRunning: (run: string) => all.get(run)?.status === 'running',
  };
};
