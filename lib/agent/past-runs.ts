import type { Run } from '../run/run.ts';

/** What tools may read of the service's own past: runs and results, never another run's prompt or session. */
export type PastRuns = {
  /** The last runs of a job, or of every job, newest slot first. Looks back at most `days` days. */
  runs(query: { job?: string; days: number; limit: number }): Promise<Run[]>;
  /** The job's last successful run before this slot and its result, if there is one. */
  previousResult(query: { job: string; before: string }): Promise<{ run: Run; result: unknown } | undefined>;
};
