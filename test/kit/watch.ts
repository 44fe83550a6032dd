import type { Job } from '../../lib/job/job.ts';
import { type DispatchEvent, dispatch } from '../../lib/lifecycle/dispatch.ts';
import { SettleInput, settle } from '../../lib/lifecycle/settle.ts';
import { changeState } from '../../lib/policy/job-state.ts';
import { type ExecutionStatus, firstInput } from '../../lib/run/execution.ts';
import type { Finding } from '../../lib/run/observer.ts';
import type { Run } from '../../lib/run/run.ts';
import type { DeployedSchedule } from '../../lib/watch/deployed-schedule.ts';
import { type WatchDeps, watch } from '../../lib/watch/watchman.ts';
import { usage } from './agent.ts';
import { deploymentOf } from './deployment.ts';
import { memoryStores } from './memory-stores.ts';
import { silent } from './observer.ts';

/**
 * A service around the watchman: stores in memory (the year has them on an engine), a clock that a test sets, executions and schedules that a test
 * may break. Everything else is the product's own.
 */
export const service = async (job: Job, start: string) => {
  const time = { now: new Date(start) };
  const now = () => time.now;
  const stores = memoryStores();
  const world = {
    job,
    deployed: deploymentOf(job, start) as DeployedSchedule | undefined,
    executions: new Map<string, ExecutionStatus>(),
    stopped: [] as string[],
    events: [] as string[],
  };
  const deps: WatchDeps & { jobs(name: string): Promise<Job | undefined> } = {
    stores,
    executions: {
      start: async (run) => {
        if (world.executions.has(run)) return 'exists';
        world.executions.set(run, 'running');
        return 'started';
      },
      stop: async (run) => void world.stopped.push(run),
      status: async (run) => world.executions.get(run) ?? 'none',
    },
    schedules: {
      get: async () => world.deployed,
      remove: async () => {
        world.deployed = undefined;
      },
    },
    jobs: async (name) => (name === world.job.name ? world.job : undefined),
    now,
    observer: {
      ...silent,
      runRecorded: ({ id, outcome }) => world.events.push(`recorded ${id} ${outcome?.status ?? 'open'}`),
      runSettled: ({ id, outcome }) => world.events.push(`settled ${id} ${outcome?.status}`),
      breakerOpened: ({ id }) => world.events.push(`tripped ${id}`),
      jobCheckFailed: (_, failure) => world.events.push(`blind ${failure.name}`),
    },
  };
  return {
    world,
    stores,
    deps,
    at: (instant: string) => {
      time.now = new Date(instant);
    },
    deliver: (slot: string, more: Partial<DispatchEvent> = {}) => dispatch({ job: job.name, slot, ...more }, deps),
    /** Ends the run's execution, as a success if `good`, and settles the run. */
    ends: async (run: string, good = true) => {
      const failed = { status: 'give-up', failure: 'ModelUnavailable', message: 'gone', spent: usage };
      const result = good ? { status: 'done', steps: 1, usage } : failed;
      world.executions.set(run, good ? 'SUCCEEDED' : 'FAILED');
      await settle({ ended: SettleInput.parse({ ...firstInput(run), result }) }, deps);
    },
    look: async (): Promise<Finding> => {
      const finding = (await watch([world.job], deps))[job.name];
      if (!finding) throw new Error('the watchman did not look');
      return finding;
    },
    /** Checks the job while its breaker is open. An operator resumes it between the decision and the first dispatch. */
    lookWhileResumed: async (): Promise<void> => {
      const breaker = { since: start, until: '2199-01-01T00:00:00Z', delaySeconds: 900, probe: null };
      await changeState(job.name, () => ({ streak: -5, breaker }), stores.states);
      let reads = 0;
      const get: typeof stores.states.get = async (name) => {
        const found = await stores.states.get(name);
        reads += 1;
        if (reads === 2) await changeState(name, () => ({ streak: 0, breaker: null }), stores.states);
        return found;
      };
      await watch([world.job], { ...deps, stores: { ...stores, states: { ...stores.states, get } } });
    },
    /** Every run of the job in the order of their slots. */
    runs: async (): Promise<Run[]> => (await stores.runs.byJob(job.name, { limit: 1000 })).reverse(),
  };
};

/** `2026-11-22T07:00:00Z succeeded`, `… skipped paused`: the outcome of each slot. */
export const outcomeLines = (runs: Run[]): string[] =>
  runs.map(({ slot, suffix, outcome }) => {
    const why = outcome?.status === 'skipped' ? ` ${outcome.why}` : '';
    return `${slot}${suffix ? `#${suffix}` : ''} ${outcome?.status ?? 'open'}${why}`;
  });
