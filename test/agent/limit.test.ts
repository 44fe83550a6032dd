import { describe, expect, it } from 'vitest';
import { limitReached, loopDetected, toolUnavailable } from '../../lib/agent/limit.ts';
import { ToolError } from '../../lib/agent/tool.ts';
import { Job } from '../../lib/job/job.ts';
import type { CallStatus, Step } from '../../lib/run/step.ts';
import { noUsage } from '../../lib/usage.ts';
import { recorded, scriptedModel, startedAt, toolCallReply, tools, work } from '../kit/agent.ts';
import { freshStores } from '../kit/fresh-stores.ts';
import { stepOf } from '../kit/stored.ts';

const { limits } = Job.parse({
  name: 'any',
  schedule: { rate: '1 hour' },
  model: 'scripted/x',
  prompt: 'Go.',
  limits: { steps: 5, seconds: 60, tokens: 1000, usd: 0.5 },
});
const nothing = { steps: 0, seconds: 0, run: noUsage };

type Made = [tool: string, input: Record<string, number>, status: CallStatus, output: string];
const step = (...made: Made[]): Step => ({
  ...stepOf(1),
  messages: [
    {
      role: 'assistant',
      content: made.map(([toolName, input], at) => ({ type: 'tool-call', toolCallId: `c${at}`, toolName, input })),
    },
    {
      role: 'tool',
      content: made.map(([toolName, , , value], at) => ({
        type: 'tool-result',
        toolCallId: `c${at}`,
        toolName,
        output: { type: 'text', value },
      })),
    },
  ],
  calls: made.map(([, , status]) => status),
});
const words: Step = {
  ...stepOf(1),
  messages: [{ role: 'assistant', content: [{ type: 'text', text: 'Hm.' }] }],
  calls: [],
};
const same = step(['get', { a: 1, b: 2 }, 'ok', 'x']);
const gone = step(['get', { a: 1 }, 'unreachable', 'no connection']);

describe('the limits of an attempt', () => {
  it('allow another model call until one of them is reached', () => {
    expect(limitReached(limits, nothing)).toBeUndefined();
    const below = { steps: 4, seconds: 59.9, run: { ...noUsage, inputTokens: 500, outputTokens: 499, usd: 0.49 } };
    expect(limitReached(limits, below)).toBeUndefined();
  });

  it.each([
    ['StepLimit', { ...nothing, steps: 5 }],
    ['TimeLimit', { ...nothing, seconds: 60 }],
    ['BudgetExhausted', { ...nothing, run: { ...noUsage, inputTokens: 400, outputTokens: 600 } }],
    ['BudgetExhausted', { ...nothing, run: { ...noUsage, usd: 0.5 } }],
  ])('stop the attempt with %s', (name, spent) => {
    expect(limitReached(limits, spent)?.name).toBe(name);
  });

  it('ignore usd when the cost is unknown, but still apply tokens', () => {
    const run = { ...noUsage, usd: null };
    expect(limitReached(limits, { ...nothing, run })).toBeUndefined();
    expect(limitReached(limits, { ...nothing, run: { ...run, inputTokens: 1000 } })?.name).toBe('BudgetExhausted');
  });
});

describe('loop detection', () => {
  it('finds the same call with the same result in three consecutive steps', () => {
    expect(loopDetected([same, same])).toBeUndefined();
    expect(loopDetected([same, same, same])?.name).toBe('LoopDetected');
    expect(loopDetected([words, same, same, same])?.name).toBe('LoopDetected');
  });

  it('ignores the order of arguments and any other calls in a step', () => {
    const turned = step(['list', {}, 'ok', 'y'], ['get', { b: 2, a: 1 }, 'ok', 'x']);
    expect(loopDetected([same, turned, same])?.name).toBe('LoopDetected');
  });

  it.each([
    ['another result', step(['get', { a: 1, b: 2 }, 'ok', 'z'])],
    ['other arguments', step(['get', { a: 1, b: 3 }, 'ok', 'x'])],
    ['another tool', step(['post', { a: 1, b: 2 }, 'ok', 'x'])],
    ['words', words],
  ])('finds no loop after %s', (_, other) => {
    expect(loopDetected([same, same, other])).toBeUndefined();
    expect(loopDetected([same, other, same])).toBeUndefined();
    expect(loopDetected([same, same, same, other])).toBeUndefined();
  });

  it('does not count repeated calls within one step', () => {
    const [call] = [['get', { a: 1 }, 'ok', 'x'] satisfies Made];
    expect(loopDetected([step(call, call, call), words, words])).toBeUndefined();
    expect(loopDetected([])).toBeUndefined();
  });
});

describe('an unreachable tool', () => {
  it('is given up after three consecutive failures to reach it, in one step or several', () => {
    const call: Made = ['get', { a: 1 }, 'unreachable', 'no connection'];
    expect(toolUnavailable([gone, gone])).toBeUndefined();
    expect(toolUnavailable([gone, gone, gone])?.name).toBe('ToolUnavailable');
    expect(toolUnavailable([step(call, call, call)])?.name).toBe('ToolUnavailable');
    expect(toolUnavailable([gone, words, gone, step(['list', {}, 'ok', 'y']), gone])?.name).toBe('ToolUnavailable');
  });

  it('counts as reachable again after one success', () => {
    expect(toolUnavailable([gone, gone, same, gone])).toBeUndefined();
    expect(toolUnavailable([gone, gone, gone, same])).toBeUndefined();
    expect(toolUnavailable([])).toBeUndefined();
  });

  it('is counted for each tool separately', () => {
    const both = step(['get', {}, 'unreachable', 'no'], ['post', {}, 'unreachable', 'no']);
    expect(toolUnavailable([both])).toBeUndefined();
    expect(toolUnavailable([both, both])).toBeUndefined();
    expect(toolUnavailable([both, both, gone])?.message).toMatch(/^get /);
  });

  it('is reported as the retryable ToolUnavailable, not as a loop, when the model repeats the same call', async () => {
    const stores = await freshStores(() => startedAt);
    const run = () => Promise.reject(new ToolError('unreachable', 'no route'));
    const gone = { count: { ...tools().all.count, run } } as ReturnType<typeof tools>['all'];
    const model = scriptedModel(...Array.from({ length: 4 }, () => toolCallReply(['count', { by: 1 }])));
    const { result } = await work(stores, await recorded(stores), model, { tools: gone });
    expect(result).toMatchObject({ status: 'failed', failure: 'ToolUnavailable' });
  });
});
