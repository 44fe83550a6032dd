import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callsOf, isCorrection, isFinal, Step } from '../../lib/run/step.ts';
import { stepOf } from '../kit/stored.ts';

const calls = (ids: string[]) => ({
  role: 'assistant',
  content: ids.map((toolCallId) => ({ type: 'tool-call', toolCallId, toolName: 'http_get', input: {} })),
});
const results = (ids: string[]) => ({
  role: 'tool',
  content: ids.map((toolCallId) => ({
    type: 'tool-result',
    toolCallId,
    toolName: 'http_get',
    output: { type: 'text', value: `answer ${toolCallId}` },
  })),
});
const words = { role: 'assistant', content: [{ type: 'text', text: 'Done.' }] };
const correction = { role: 'user', content: 'Again.' };
const step = (messages: unknown[]) => ({ ...stepOf(1), messages });
const isStep = (messages: unknown[]) => Step.safeParse(step(messages)).success;
const ids = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1 });

describe('a step', () => {
  it('has exactly one result for each call, in order', () => {
    fc.assert(
      fc.property(ids, fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1 }), (asked, answered) => {
        expect(isStep([calls(asked), results(asked)])).toBe(true);
        expect(isStep([calls(asked), results(answered)])).toBe(asked.join() === answered.join());
        expect(isStep([calls(asked)])).toBe(false);
        expect(isStep([calls(asked), correction])).toBe(false);
      }),
    );
  });

  it('has no duplicate call ids, and no result without a call', () => {
    expect(isStep([calls(['a', 'a']), results(['a', 'a'])])).toBe(false);
    expect(isStep([words, results(['a'])])).toBe(false);
    expect(isStep([results(['a'])])).toBe(false);
    expect(isStep([])).toBe(false);
    expect(isStep([words, words])).toBe(false);
    expect(isStep([words, correction, words])).toBe(false);
  });

  it('is an answer, a correction or tool calls, and reports which', () => {
    const [final, corrected, called] = [[words], [words, correction], [calls(['a']), results(['a'])]].map((turn) =>
      Step.parse(step(turn)),
    );
    const kinds = [final, corrected, called].map(
      (one) => one && [isFinal(one), isCorrection(one), callsOf(one).length],
    );
    expect(kinds).toEqual([
      [true, false, 0],
      [false, true, 0],
      [false, false, 1],
    ]);
  });

  it('is unchanged after a round trip through JSON', () => {
    fc.assert(
      fc.property(ids, (asked) => {
        const one = Step.parse(step([calls(asked), results(asked)]));
        expect(Step.parse(JSON.parse(JSON.stringify(one)))).toEqual(one);
      }),
    );
  });

  it('pairs each call with its result and status', () => {
    const one = Step.parse({ ...step([calls(['a', 'b']), results(['a', 'b'])]), calls: ['ok', 'unreachable'] });
    expect(callsOf(one)).toMatchObject([
      { call: { toolCallId: 'a' }, status: 'ok', output: 'answer a' },
      { call: { toolCallId: 'b' }, status: 'unreachable', output: 'answer b' },
    ]);
  });

  it.each([{ number: 0 }, { number: 1.5 }, { modelMs: -1 }, { calls: ['fine'] }, { extra: 1 }])(
    'rejects %j',
    (wrong) => {
      expect(Step.safeParse({ ...stepOf(1), ...wrong }).success).toBe(false);
    },
  );
});
