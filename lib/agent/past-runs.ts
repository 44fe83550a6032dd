import type { Run } from '../run/run.ts';

/** What tools may read of earlier runs: runs and results, never another run's prompt or session. */
export type PastRuns = {
  /** The last runs of a job, or of all jobs, newest slot first. Only slots of the last `days` days. */
  runs(query: { job?: string; days: number; limit: number }): Promise<Run[]>;
  /** The job's last successful run before this slot whose result is not forgotten, with that result. Undefined if there is none. */
  previousResult(query: { job: string; before: string }): Promise<{ run: Run; result: unknown } | undefined>;
};
