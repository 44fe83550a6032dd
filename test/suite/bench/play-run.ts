import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { parseDefinition, runMachine } from '../../../infra/local/step-functions/machine.ts';
import { agentLoop } from '../../../lib/agent/agent-loop.ts';
import type { PastRuns } from '../../../lib/agent/past-runs.ts';
import { tool } from '../../../lib/agent/tool.ts';
import { dispatch } from '../../../lib/lifecycle/dispatch.ts';
import { SettleInput, settle } from '../../../lib/lifecycle/settle.ts';
import { AttemptInput } from '../../../lib/run/attempt.ts';
import type { ExecutionInput } from '../../../lib/run/execution.ts';
import { runId } from '../../../lib/run/run.ts';
import { silent } from '../../kit/observer.ts';
import { stateMachine } from '../../kit/state-machine.ts';
import type { StoreCall } from './call-meter.ts';
import type { onLocalService } from './counted-store.ts';
import { at, callReply, finalReply, page, sampleJob, slot as sampleSlot } from './sample-run.ts';

/** A tool that returns a page of 1.2 KB at once. */
export const look = tool({
  description: 'Reads a page.',
  input: z.strictObject({ page: z.string(), filter: z.string() }),
  effect: 'none',
  run: async (input) => page(Number(input.page.slice('service-'.length)), 1_200),
});

export const nowhere = async (): Promise<never> => {
  throw new Error('the bench has no network');
};
export const noPastRuns: PastRuns = { runs: nowhere, previousResult: nowhere };

/** A metered store engine. */
export type LocalEngine = Parameters<Parameters<typeof onLocalService>[2]>[0];

/** The store calls of each invoked function, in order, and the states that the execution entered. */
export type PlayedRun = { functions: { name: string; calls: StoreCall[] }[]; states: string[] };

const definition = readFileSync('infra/run.asl.json', 'utf8');
const arns = Object.fromEntries(
  ['attempt', 'triage', 'settle'].map((name) => [
    `${name.charAt(0).toUpperCase()}${name.slice(1)}Arn`,
    `arn:aws:lambda:eu-west-1:000000000000:function:${name}`,
  ]),
);

/** Plays one run of `steps` steps without faults, from its slot to its outcome, on the real state machine and a store engine. */
export const playRun = async (
  on: LocalEngine,
  steps: number,
  { job = sampleJob(`bench-${steps}`, 'scripted/bench', ['look']), slot = sampleSlot, now = at } = {},
): Promise<PlayedRun> => {
  const functions: PlayedRun['functions'] = [];
  const states: string[] = [];
  const { executions, asked } = stateMachine();
  const around = { stores: on.stores, executions, now: () => now, observer: silent };
  const counted = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const from = on.calls.length;
    const result = await work();
    functions.push({ name, calls: on.calls.slice(from) });
    return result;
  };
  const id = runId({ job: job.name, slot });
  const context = { job, runId: id, slot, attempt: 1, http: nowhere, pastRuns: noPastRuns };
  const attempt = (input: AttemptInput) =>
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
      clock: { now: () => now, remainingMs: () => 900_000, timeout: AbortSignal.timeout },
      observer: silent,
    });
  const stages: Record<string, (event: unknown) => Promise<unknown>> = {
    attempt: (event) => attempt(AttemptInput.parse(event)),
    settle: (event) => settle({ ended: SettleInput.parse(event) }, around),
  };

  await counted('dispatch', () => dispatch({ job: job.name, slot }, { ...around, jobs: async () => job }));
  const [started] = asked;
  if (!started) throw new Error(`dispatch started no execution of ${id}`);
  const machine = runMachine(
    parseDefinition(definition, arns),
    { state: 'Spread', input: started.input satisfies ExecutionInput, timeoutSeconds: undefined },
    {
      invoke: async (name, event) => {
        const stage = stages[name];
        if (!stage) throw new Error(`a healthy run invokes no ${name}`);
        const result = await counted(name, () => stage(JSON.parse(event)));
        return { ok: true, payload: JSON.stringify(result) };
      },
      entered: (state) => states.push(state),
      overrides: { waitTimeOverrides: { Spread: 0 } },
    },
  );
  const end = await machine.end;
  if (end.status !== 'SUCCEEDED') throw new Error(`the run ended as ${JSON.stringify(end)}`);
  return { functions, states };
};
