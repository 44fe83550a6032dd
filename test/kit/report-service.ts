import { type DispatchDeps, type DispatchEvent, dispatch } from '../../lib/lifecycle/dispatch.ts';
import { SettleInput, settle } from '../../lib/lifecycle/settle.ts';
import { firstInput } from '../../lib/run/execution.ts';
import { usage } from './agent.ts';
import { freshStores } from './fresh-stores.ts';
import { job } from './job.ts';
import { slots } from './report-slots.ts';
import { stateMachine } from './state-machine.ts';

/** A service with one job. The test delivers its slots and ends its runs. */
export const reportService = async (fields: Record<string, unknown>) => {
  const time = { now: new Date(slots[0]) };
  const stores = await freshStores(() => time.now);
  const { executions, all } = stateMachine();
  const events: string[] = [];
  const declared = { job: job({ tools: ['count', 'pay'], ...fields }) };
  const deps: DispatchDeps = {
    stores,
    executions,
    jobs: async () => declared.job,
    now: () => time.now,
    observer: {
      runRecorded: ({ id, outcome }) => events.push(`${id} ${outcome?.status ?? 'open'}`),
      runSettled: ({ id, outcome }) => events.push(`${id} ${outcome?.status}`),
      breakerOpened: ({ id }) => events.push(`${id} tripped`),
    },
  };
  const good = { status: 'done', steps: 1, usage };
  const bad = { status: 'give-up', failure: 'ModelUnavailable', message: 'gone', spent: usage };
  return {
    time,
    stores,
    all,
    events,
    deps,
    declared,
    deliver: (slot: string, more: Partial<DispatchEvent> = {}) => {
      time.now = new Date(Math.max(time.now.getTime(), Date.parse(slot)));
      return dispatch({ job: 'report', slot, ...more }, deps);
    },
    ends: (run: string, isGood = true) =>
      settle({ ended: SettleInput.parse({ ...firstInput(run), result: isGood ? good : bad }) }, deps),
    outcome: async (run: string) => (await stores.runs.get(run))?.outcome,
    state: async () => {
      const state = await stores.states.get('report');
      if (!state) throw new Error('there is no state');
      return state;
    },
    open: async () => (await stores.states.get('report'))?.open.map(({ run }) => run),
    running: () => [...all].flatMap(([run, { status }]) => (status === 'running' ? [run] : [])),
  };
};
