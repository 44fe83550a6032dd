import { describe, expect, it } from 'vitest';
import type { ReplyPart } from '../../lib/agent/model.ts';
import { ToolError, type ToolErrorKind } from '../../lib/agent/tool.ts';
import type { Effect } from '../../lib/run/effect.ts';
import { callsOf, type Step } from '../../lib/run/step.ts';
import { memoryEffects } from '../kit/memory-effects.ts';
import { replyOf, stubTool, takeSteps } from '../kit/take-steps.ts';

type End = 'ok' | ToolErrorKind;
const pay = (toolCallId: string, to = 'Ann'): ReplyPart => ({
  type: 'tool-call',
  toolCallId,
  toolName: 'pay',
  input: { to },
});

/** A run in which each payment has a given ending, and each attempt pays as its replies request. */
const payments = (...ends: End[]) => {
  const stored = new Map<string, Effect>();
  const keys: (string | undefined)[] = [];
  const tools = {
    pay: stubTool('once', async (_, { idempotencyKey }) => {
      const end = ends[keys.length] ?? 'ok';
      keys.push(idempotencyKey);
      if (end !== 'ok') throw new ToolError(end, end);
      return `payment ${keys.length}`;
    }),
  };
  const attempt = async (number: number, ...turns: ReplyPart[][]) =>
    (
      await takeSteps(
        turns.map((parts) => replyOf(parts)),
        { tools, effects: memoryEffects(stored), attempt: number },
      )
    ).map(ended);
  return { attempt, keys };
};
const ended = (step: Step) => callsOf(step).map(({ status, output }) => (status === 'unknown' ? status : output));

describe('a tool call with an effect', () => {
  it('runs twice when the model makes it twice, and each call is recorded', async () => {
    const { attempt, keys } = payments();
    expect(await attempt(1, [pay('a'), pay('b')], [pay('c')])).toEqual([['payment 1', 'payment 2'], ['payment 3']]);
    expect(new Set(keys).size).toBe(3);
    expect(await attempt(2, [pay('a')], [pay('b'), pay('c')])).toEqual([['payment 1'], ['payment 2', 'payment 3']]);
    expect(keys).toHaveLength(3);
  });

  it('that may have happened does not run again, in the same attempt or a later one', async () => {
    const { attempt, keys } = payments('interrupted');
    expect(await attempt(1, [pay('a')], [pay('b')], [pay('c')])).toEqual([['unknown'], ['unknown'], ['unknown']]);
    expect(await attempt(2, [pay('a')], [pay('b')])).toEqual([['unknown'], ['unknown']]);
    expect(keys).toHaveLength(1);
  });

  it.each(['unreachable', 'refused'] as const)(
    'that was %s and then ran does not run again in the next attempt',
    async (end) => {
      const { attempt, keys } = payments(end);
      expect(await attempt(1, [pay('a')], [pay('b')])).toEqual([[end], ['payment 2']]);
      expect(await attempt(2, [pay('a')])).toEqual([['payment 2']]);
      expect(keys).toHaveLength(2);
      expect(new Set(keys).size).toBe(1);
    },
  );

  it('runs when the model repeats it and one of two equal calls did not happen', async () => {
    const { attempt, keys } = payments('unreachable');
    expect(await attempt(1, [pay('a'), pay('b')], [pay('c')])).toEqual([['unreachable', 'payment 2'], ['payment 3']]);
    expect(await attempt(2, [pay('a'), pay('b')])).toEqual([['payment 3', 'payment 2']]);
    expect(keys).toHaveLength(3);
  });

  it('has another key when an argument differs', async () => {
    const { attempt, keys } = payments('interrupted');
    expect(await attempt(1, [pay('a', 'Ann')], [pay('b', 'Bob')])).toEqual([['unknown'], ['payment 2']]);
    expect(new Set(keys).size).toBe(2);
  });
});

describe('an answer that does not fit the result schema', () => {
  it('is sent back once, with its problems', async () => {
    const answer = replyOf([{ type: 'text', text: 'Wrong.' }], 'stop');
    const readResult = () => ({ problem: 'it is wrong' });
    const steps = await takeSteps([answer, answer], { tools: {}, effects: memoryEffects(), readResult });
    expect(steps.map(({ messages }) => messages.length)).toEqual([2, 1]);
    expect(steps[0]?.messages[1]).toMatchObject({ role: 'user', content: expect.stringContaining('it is wrong') });
  });
});

describe('the answer of a tool', () => {
  it.each<[End | 'bug' | 'refused reply', 'none' | 'once', string]>([
    ['ok', 'none', 'text'],
    ['ok', 'once', 'text'],
    ['error', 'none', 'error-text'],
    ['refused', 'none', 'error-text'],
    ['unreachable', 'none', 'error-text'],
    ['interrupted', 'none', 'error-text'],
    ['bug', 'none', 'error-text'],
    ['error', 'once', 'error-text'],
    ['refused', 'once', 'error-text'],
    ['unreachable', 'once', 'error-text'],
    ['interrupted', 'once', 'error-text'],
    ['bug', 'once', 'error-text'],
    ['refused reply', 'once', 'error-text'],
  ])('that ended as %s, of a tool with the effect %s, is typed for the model as %s', async (end, effect, type) => {
    const pays = stubTool(effect, async () => {
      if (end === 'bug') throw new TypeError('a bug');
      if (end !== 'ok' && end !== 'refused reply') throw new ToolError(end, end);
      return 'paid';
    });
    const parts = end === 'refused reply' ? [{ ...pay('a'), input: 'no object' } as ReplyPart] : [pay('a')];
    const [step] = await takeSteps([replyOf(parts)], { tools: { pay: pays }, effects: memoryEffects() });
    const [, answer] = step?.messages ?? [];
    expect(answer?.content).toMatchObject([{ type: 'tool-result', toolCallId: 'a', output: { type } }]);
  });

  it('that repeats a recorded call is typed as text', async () => {
    const [tools, effects] = [{ pay: stubTool('once', async () => 'paid') }, memoryEffects()];
    await takeSteps([replyOf([pay('a')])], { tools, effects });
    const [step] = await takeSteps([replyOf([pay('a')])], { tools, effects, attempt: 2 });
    expect(step?.calls).toEqual(['recorded']);
    expect(step?.messages[1]?.content).toMatchObject([{ output: { type: 'text', value: 'paid' } }]);
  });
});
