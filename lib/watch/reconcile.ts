import type { Job } from '../job/job.ts';
import { endRun } from '../lifecycle/dispatch.ts';
import { dropLease, release, skipAndRelease, startQueued } from '../lifecycle/release.ts';
import { type SettleDeps, settle } from '../lifecycle/settle.ts';
import { orJobConflict, untilWon } from '../policy/job-state.ts';
import { isExpired, type Lease } from '../policy/lease.ts';
import { executionInput } from '../run/execution.ts';
import { knownRun } from '../run/known-run.ts';
import type { Repair } from '../run/observer.ts';
import type { Run } from '../run/run.ts';

/** How old a lease must be before the watchman asks for the run's execution, in milliseconds. */
const graceMs = 3 * 60_000;

/** Compares an open run with its execution: settles the run if the execution ended, and starts the execution if there is none. */
const repairByExecution = async (run: Run, deps: SettleDeps): Promise<Repair['was'] | undefined> => {
  const status = await deps.executions.status(run.id);
  if (status === 'running') return undefined;
  if (status === 'none') {
    await deps.executions.start(run.id, executionInput(run));
    return 'idle';
  }
  // The execution may have settled the run after we read it.
  if ((await knownRun(run.id, deps.stores.runs)).is === 'ended') return undefined;
  await settle({ died: { runId: run.id, status: status === 'SUCCEEDED' ? 'FAILED' : status } }, deps);
  return 'dead';
};

const isYoung = ({ from }: Lease, now: Date): boolean => now.getTime() - Date.parse(from) < graceMs;

/** Repairs the run of one lease. Finishing the release of an ended run, or the skip of a run that left the queue, is no repair. */
const repair = async (lease: Lease, job: string, deps: SettleDeps): Promise<Repair['was'] | undefined> => {
  const known = await knownRun(lease.run, deps.stores.runs);
  if (known.is === 'ended') {
    await release(known.run, deps);
    return undefined;
  }
  if (lease.skip && known.is === 'open') {
    await skipAndRelease(known.run, lease.skip, deps);
    return undefined;
  }
  if (isExpired(lease, deps.now())) {
    await endRun(job, { runId: lease.run, status: 'TIMED_OUT' }, deps);
    return 'stuck';
  }
  if (isYoung(lease, deps.now()) || known.is === 'damaged') return undefined;
  return known.is === 'unrecorded' ? 'lost' : repairByExecution(known.run, deps);
};

/**
 * Repairs a job's open runs: ends those past their lease, settles dead ones, starts idle ones, releases ended ones. Then starts the queued run if it may
 * start. Returns the repairs; a `lost` run is only reported, and `dropLostLeases` acts on it.
 */
export const reconcile = async ({ name, overlap }: Job, deps: SettleDeps): Promise<Repair[]> => {
  const state = await deps.stores.states.get(name);
  const repairs: Repair[] = [];
  for (const lease of state?.open ?? []) {
    const was = await untilWon(() => orJobConflict(lease.run, repair(lease, name, deps)));
    if (was) repairs.push({ run: lease.run, was });
  }
  if (state?.queued) await startQueued(name, { beside: overlap === 'allow' }, deps);
  return repairs;
};

/**
 * Removes the leases of lost runs that are still unrecorded, after their due slots were delivered again. Keeps a lease that started over meanwhile: a
 * delivery is recording its run.
 */
export const dropLostLeases = async (repairs: Repair[], job: string, { stores, now }: SettleDeps): Promise<void> => {
  for (const { run, was } of repairs)
    if (was === 'lost' && (await knownRun(run, stores.runs)).is === 'unrecorded')
      await dropLease(run, job, stores.states, (lease) => !isYoung(lease, now()));
};
