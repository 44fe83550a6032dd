import * as z from 'zod';
import { agentLoop } from '../../../lib/agent/agent-loop.ts';
import type { PastRuns } from '../../../lib/agent/past-runs.ts';
import { tool } from '../../../lib/agent/tool.ts';
import { dispatch } from '../../../lib/lifecycle/dispatch.ts';
import { settle } from '../../../lib/lifecycle/settle.ts';
import { firstInput } from '../../../lib/run/execution.ts';
import { stateMachine } from '../../kit/state-machine.ts';
import type { Section } from './bench-report.ts';
import { engine, onLocalService } from './counted-store.ts';
import type { StoreCall } from './meter.ts';
import { at, callReply, finalReply, page, sampleJob, sampleRun } from './sample.ts';

const lengths = [1, 10, 50];

/** A tool that answers at once: a page of 1.2 KB. */
export const look = tool({
  description: 'Reads a page.',
  input: z.strictObject({ page: z.string(), filter: z.string() }),
  effect: 'none',
  run: async (input) => page(Number(input.page.slice('service-'.length)), 1_200),
});

export const nowhere = async (): Promise<never> => {
  throw new Error('a bench reaches nothing');
};
export const noPastRuns: PastRuns = { runs: nowhere, previousResult: nowhere };

const byAction = (calls: StoreCall[]): string =>
  [...Map.groupBy(calls, ({ action }) => action)].map(([action, made]) => `${made.length} ${action}`).join(', ');

/** The store calls of a whole run, from its slot to its outcome, at the SDK's client. */
export const calls = (dir: string): Promise<Section> =>
  onLocalService(dir, {}, async (on) => {
    const now = () => at;
    const { executions } = stateMachine();
    const around = { stores: on.stores, executions, now, settled() {}, tripped() {} };
    const oneRun = async (steps: number): Promise<Record<string, StoreCall[]>> => {
      const job = sampleJob(`bench-${steps}`, 'scripted/bench', ['look']);
      const run = sampleRun(job);
      const input = firstInput(run.id);
      const counted = async <T>(work: () => Promise<T>) => {
        const from = on.calls.length;
        const result = await work();
        return { result, made: on.calls.slice(from) };
      };
      const dispatched = await counted(() =>
        dispatch(
          { job: job.name, slot: run.slot },
          {
            ...around,
            jobs: async () => job,
            recorded() {},
          },
        ),
      );
      const context = { job, runId: run.id, slot: run.slot, attempt: 1, http: nowhere, pastRuns: noPastRuns };
      const worked = await counted(() =>
        agentLoop(input, {
          stores: on.stores,
          open: async () => ({
            model: async ({ messages }) => {
              const number = (messages.length + 1) / 2;
              return number < steps ? callReply(number, 'look') : finalReply;
            },
            specs: [],
            calls: { tools: { look }, context, effects: on.stores.effects },
          }),
          clock: { now, remainingMs: () => 900_000, timeout: AbortSignal.timeout },
          committed() {},
          failed() {},
        }),
      );
      const { result } = worked;
      if (result.status !== 'done') throw new Error(`the attempt ended as ${JSON.stringify(result)}`);
      const settled = await counted(() => settle({ ...input, result }, around));
      return { dispatch: dispatched.made, attempt: worked.made, settle: settled.made };
    };

    const runs: { steps: number; made: Record<string, StoreCall[]>; total: number }[] = [];
    for (const steps of lengths) {
      const made = await oneRun(steps);
      runs.push({ steps, made, total: Object.values(made).flat().length });
    }
    return {
      title: '2. Store calls of a whole run',
      notes: [`Slot to outcome in one attempt of n steps, counted at the SDK's client by action (${engine}).`],
      rows: runs.map(({ steps, made, total }) => ({
        steps,
        calls: total,
        'beyond the steps': total - steps,
        ...Object.fromEntries(Object.entries(made).map(([stage, found]) => [stage, byAction(found)])),
      })),
      bounds: runs.map(({ steps, total }) => ({
        what: `calls of a run of ${steps} steps`,
        found: total,
        atMost: steps + 10,
        exactly: true,
      })),
    };
  });
