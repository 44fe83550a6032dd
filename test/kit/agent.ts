import * as z from 'zod';
import { agentLoop, type Clock } from '../../lib/agent/agent-loop.ts';
import type { Model, ModelReply, ModelRequest, ReplyPart } from '../../lib/agent/model.ts';
import { type Tool, tool } from '../../lib/agent/tool.ts';
import type { Failure } from '../../lib/failure.ts';
import { toolSpecs } from '../../lib/io/files/tools.ts';
import type { Stores } from '../../lib/io/store/stores.ts';
import type { AttemptInput, AttemptResult } from '../../lib/run/attempt.ts';
import { firstInput } from '../../lib/run/execution.ts';
import { type Run, runId } from '../../lib/run/run.ts';
import type { Step } from '../../lib/run/step.ts';
import { job } from './job.ts';

export const slot = '2026-11-22T07:00:00Z';
export const startedAt = new Date('2026-11-22T07:00:05Z');

export const usage = { inputTokens: 100, outputTokens: 10, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0.001 };

/** A reply as a provider sends it. */
export const textReply = (text: string, more: Partial<ModelReply> = {}): ModelReply => ({
  content: text === '' ? [] : [{ type: 'text', text }],
  finish: 'stop',
  usage,
  ...more,
});

/** A reply that calls tools: `[name, input]` each. */
export const toolCallReply = (...made: [name: string, input: unknown][]): ModelReply => ({
  content: made.map(
    ([toolName, input], at): ReplyPart => ({ type: 'tool-call', toolCallId: `c${at}`, toolName, input }),
  ),
  finish: 'tool-calls',
  usage,
});

type Turn = ModelReply | Error | ((request: ModelRequest, signal: AbortSignal) => Promise<ModelReply>);

/** A model that replies from a script and records its requests. */
export const scriptedModel = (...turns: Turn[]): { model: Model; asked: ModelRequest[] } => {
  const asked: ModelRequest[] = [];
  const model: Model = async (request, signal) => {
    const turn = turns[asked.length];
    asked.push(structuredClone(request));
    if (turn === undefined) throw new Error('the test has no more turns');
    if (turn instanceof Error) throw turn;
    return typeof turn === 'function' ? turn(request, signal) : turn;
  };
  return { model, asked };
};

/** Two tools: `count` returns its number of calls, `pay` has the effect `once`. */
export const tools = (pay: (key: string | undefined) => Promise<unknown> = async () => 'paid') => {
  const made = { count: 0, paid: [] as (string | undefined)[] };
  const all: Record<string, Tool> = {
    count: tool({
      description: 'Counts.',
      input: z.strictObject({ by: z.number().optional() }),
      effect: 'none',
      run: async () => `counted ${++made.count}`,
    }) as Tool,
    pay: tool({
      description: 'Pays.',
      input: z.strictObject({ to: z.string() }),
      effect: 'once',
      run: async (_input, { idempotencyKey }) => {
        made.paid.push(idempotencyKey);
        return await pay(idempotencyKey);
      },
    }) as Tool,
  };
  return { all, made };
};

/** A stopped clock with time to spare. `more` replaces its parts. */
export const clock = (more: Partial<Clock> = {}): Clock => ({
  now: () => startedAt,
  remainingMs: () => 900_000,
  timeout: () => new AbortController().signal,
  ...more,
});

/** Stores and returns a run of a job with these fields. */
export const recorded = async (stores: Stores, fields: Record<string, unknown> = {}): Promise<Run> => {
  const id = runId({ job: 'report', slot });
  const run: Run = {
    id,
    slot,
    job: job({ tools: ['count', 'pay'], ...fields }),
    startedAt: startedAt.toJSON(),
    outcome: null,
    version: 1,
  };
  await stores.runs.put(run);
  return run;
};

type Worked = { result: AttemptResult; steps: Step[]; failures: Failure[] };

/** One invocation of an attempt of a run. */
export const work = async (
  stores: Stores,
  run: Run,
  scripted: { model: Model },
  more: { input?: Partial<AttemptInput>; clock?: Clock; tools?: Record<string, Tool> } = {},
): Promise<Worked> => {
  const input = { ...firstInput(run.id), ...more.input };
  const all = more.tools ?? tools().all;
  const steps: Step[] = [];
  const failures: Failure[] = [];
  const unused = () => Promise.reject(new Error('not for this test'));
  const context = {
    job: run.job,
    runId: run.id,
    slot: run.slot,
    attempt: input.attempt,
    http: unused,
    pastRuns: { runs: unused, previousResult: unused },
  };
  const result = await agentLoop(input, {
    stores,
    open: async () => ({
      model: scripted.model,
      specs: toolSpecs(all),
      calls: { tools: all, context, effects: stores.effects },
    }),
    clock: more.clock ?? clock(),
    observer: {
      stepCommitted: (_run, _attempt, step) => steps.push(step),
      attemptFailed: (_input, failure) => failures.push(failure),
    },
  });
  return { result, steps, failures };
};
