import type { Job } from '../job/job.ts';
import { end } from '../lifecycle/dispatch.ts';
import { dropLease, isEnded, readable, release, skipAndRelease, startQueued } from '../lifecycle/release.ts';
import { died, type SettleDeps, settle } from '../lifecycle/settle.ts';
import { orMoved, untilWon } from '../policy/job-state.ts';
import { isExpired, type Lease } from '../policy/lease.ts';
import { executionInput } from '../run/execution.ts';
import type { Run } from '../run/run.ts';

/** How long a run may be open before anybody asks how its execution stands, in milliseconds. */
const graceMs = 3 * 60_000;

/** What was found of a run that is open, and mended. `lost`: it never got its run item. `idle`: it was never started. */
export type Mended = { run: string; was: 'stuck' | 'dead' | 'idle' | 'lost' };

/** The run has an execution that is over, or none: it is settled as that one ended, or started. */
const byExecution = async (run: Run, deps: SettleDeps): Promise<Mended['was'] | undefined> => {
  const status = await deps.executions.status(run.id);
  if (status === 'running') return undefined;
  if (status === 'none') {
    await deps.executions.start(run.id, executionInput(run));
    return 'idle';
  }
  // It may have ended by itself between the two looks at it.
  if (isEnded(await deps.stores.runs.get(run.id))) return undefined;
  await settle(died(run.id, status === 'SUCCEEDED' ? 'FAILED' : status), deps);
  return 'dead';
};

const isYoung = ({ from }: Lease, now: Date): boolean => now.getTime() - Date.parse(from) < graceMs;

const mend = async (lease: Lease, job: string, deps: SettleDeps): Promise<Mended['was'] | undefined> => {
  const run = await readable(lease.run, deps.stores.runs);
  if (run !== 'damaged' && isEnded(run)) {
    await release(run, deps);
    return undefined;
  }
  if (lease.skip && run !== undefined && run !== 'damaged') {
    await skipAndRelease(run, lease.skip, deps);
    return undefined;
  }
  if (isExpired(lease, deps.now())) {
    await end(lease.run, job, died(lease.run, 'TIMED_OUT'), deps);
    return 'stuck';
  }
  if (isYoung(lease, deps.now())) return undefined;
  if (run === undefined) return 'lost';
  return run === 'damaged' ? undefined : byExecution(run, deps);
};

/**
 * Goes through the open runs of a job: those past their lease are ended, those whose execution died are settled, those that never started are
 * started, those whose end was not accounted for are, and the one in the queue is let out if it can be. Says which were mended; those that are
 * `lost` have a place and no run item, and are only told of.
 */
export const reconcile = async ({ name, overlap }: Job, deps: SettleDeps): Promise<Mended[]> => {
  const state = await deps.stores.states.get(name);
  const mended: Mended[] = [];
  for (const lease of state?.open ?? []) {
    const was = await untilWon(() => orMoved(lease.run, mend(lease, name, deps)));
    if (was) mended.push({ run: lease.run, was });
  }
  if (state?.queued) await startQueued(name, null, deps, overlap === 'allow');
  return mended;
};

/**
 * Takes away the place of a run that is still without an item, now that its slot, if it was due, has been delivered again. One whose lease has
 * begun anew meanwhile is being recorded.
 */
export const dropLostLeases = async (mended: Mended[], job: string, { stores, now }: SettleDeps): Promise<void> => {
  for (const { run, was } of mended)
    if (was === 'lost' && (await readable(run, stores.runs)) === undefined)
      await dropLease(run, job, stores.states, (lease) => !isYoung(lease, now()));
};
