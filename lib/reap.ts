import { account } from './account.ts';
import { type DispatchDeps, dispatch, end } from './dispatch.ts';
import { executionInput } from './execution.ts';
import { changeState, type JobState } from './job-state.ts';
import { isExpired, type Lease } from './lease.ts';
import { type Run, runName } from './run.ts';
import { died, settle } from './settle.ts';

/** How long a run may be open before anybody asks how its execution stands, in milliseconds. */
const graceMs = 3 * 60_000;

/** What was found of a run that is open, and mended. `lost`: it never got its run item. `idle`: it was never started. */
export type Mended = { run: string; was: 'stuck' | 'dead' | 'idle' | 'lost' };

/** The run has an execution that is over, or none: it is settled as that one ended, or started. */
const byExecution = async (run: Run, deps: DispatchDeps): Promise<Mended['was'] | undefined> => {
  const status = await deps.executions.status(run.id);
  if (status === 'running') return undefined;
  if (status === 'none') {
    await deps.executions.start(run.id, executionInput(run));
    return 'idle';
  }
  const now = await deps.stores.runs.get(run.id);
  if (now?.outcome) return undefined;
  await settle(died(run.id, status === 'SUCCEEDED' ? 'FAILED' : status), deps);
  return 'dead';
};

const mend = async (lease: Lease, job: string, deps: DispatchDeps): Promise<Mended['was'] | undefined> => {
  const run = await deps.stores.runs.get(lease.run);
  if (run?.outcome) {
    await account({ ...run, outcome: run.outcome }, deps);
    return undefined;
  }
  const now = deps.now();
  if (isExpired(lease, now)) {
    await end(lease.run, job, died(lease.run, 'TIMED_OUT'), deps);
    return 'stuck';
  }
  if (now.getTime() - Date.parse(lease.from) < graceMs) return undefined;
  if (run) return byExecution(run, deps);
  const { slot, suffix } = runName(lease.run);
  if (suffix === undefined) await dispatch({ job, slot }, deps);
  else
    await changeState(job, ({ open }) => ({ open: open.filter((one) => one.run !== lease.run) }), deps.stores.states);
  return 'lost';
};

/** A run that waits in the queue though nothing holds the job any more: it is delivered again. */
const letOut = async (state: JobState, { job, deps }: { job: string; deps: DispatchDeps }): Promise<void> => {
  const held = state.open.some((lease) => lease.holds && !isExpired(lease, deps.now()));
  if (state.queued === null || held) return;
  await dispatch({ job, slot: runName(state.queued).slot }, deps);
};

/**
 * Goes through the open runs of a job: those past their lease are ended, those whose execution died are settled, those that never started are
 * started, those whose end was not accounted for are. Says which were mended.
 */
export const reap = async (job: string, deps: DispatchDeps): Promise<Mended[]> => {
  const { states } = deps.stores;
  const mended: Mended[] = [];
  const seen = await states.get(job);
  if (!seen || (seen.open.length === 0 && seen.queued === null)) return mended;
  for (const lease of seen.open) {
    const was = await mend(lease, job, deps);
    if (was) mended.push({ run: lease.run, was });
  }
  const state = await states.get(job);
  if (state) await letOut(state, { job, deps });
  return mended;
};
