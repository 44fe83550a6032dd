import { describe, expect, it } from 'vitest';
import { Failure } from '../../lib/failure.ts';
import { committed, conversation, type Sessions, sessionKey } from '../../lib/run/session.ts';
import type { Step } from '../../lib/run/step.ts';
import { noUsage } from '../../lib/usage.ts';
import { memoryStores } from '../kit/memory-stores.ts';
import { stepOf } from '../kit/stored.ts';

const used = { ...noUsage, inputTokens: 10, outputTokens: 1, usd: 0.5 };
const calling = (number: number): Step => ({ ...stepOf(number), usage: used });
const saying = (number: number, text: string): Step => ({
  ...stepOf(number),
  usage: used,
  messages: [{ role: 'assistant', content: [{ type: 'text', text }] }],
  calls: [],
});
const holding = async (...steps: Step[]): Promise<Sessions> => {
  const { sessions } = memoryStores();
  for (const step of steps) await sessions.append('r/a1', step);
  return sessions;
};
const typed = { type: 'object', required: ['total'] };

describe('the key of a session', () => {
  it('differs for each attempt of a run', () => {
    expect(sessionKey('night_20261122T070000Z', 2)).toBe('night_20261122T070000Z/a2');
    expect(sessionKey('night_20261122T070000Z', 1)).not.toBe(sessionKey('night_20261122T070000Z', 11));
  });
});

describe('a conversation', () => {
  it('is the prompt followed by every message of every step, in order', () => {
    const steps = [calling(1), saying(2, 'Done.')];
    expect(conversation('Go.', steps)).toEqual([
      { role: 'user', content: 'Go.' },
      ...(steps[0]?.messages ?? []),
      ...(steps[1]?.messages ?? []),
    ]);
    expect(conversation('Go.', [])).toEqual([{ role: 'user', content: 'Go.' }]);
  });
});

describe('the summary of a session', () => {
  it('has the steps, their total usage, and whether the last step is an answer', async () => {
    const sessions = await holding(calling(1), saying(2, 'Done.'));
    const usage = { ...noUsage, inputTokens: 20, outputTokens: 2, usd: 1 };
    expect(await committed('r/a1', undefined, sessions)).toEqual({ steps: 2, usage, answered: true });
  });

  it('has no answer when the session is empty or its last step calls tools', async () => {
    expect(await committed('r/a1', undefined, await holding())).toEqual({ steps: 0, usage: noUsage, answered: false });
    expect(await committed('r/a1', undefined, await holding(calling(1)))).toMatchObject({ steps: 1, answered: false });
  });

  it('has the answer of a job with a result schema only when the text fits it', async () => {
    expect(await committed('r/a1', typed, await holding(saying(1, '{"total":3}')))).toMatchObject({ answered: true });
    for (const text of ['Done.', '{"sum":3}'])
      expect(await committed('r/a1', typed, await holding(saying(1, text)))).toMatchObject({ answered: false });
  });

  it('has no steps and an unknown cost when the session is damaged', async () => {
    const sessions: Sessions = {
      ...(await holding()),
      load: () => Promise.reject(new Failure('DamagedItem', 'a gap before step 3')),
    };
    expect(await committed('r/a1', undefined, sessions)).toEqual({
      steps: 0,
      usage: { ...noUsage, usd: null },
      answered: false,
    });
  });

  it('throws StoreUnavailable when the store is unavailable', async () => {
    const load = () => Promise.reject(new Failure('StoreUnavailable', 'throttled'));
    const sessions = { ...(await holding()), load };
    await expect(committed('r/a1', undefined, sessions)).rejects.toMatchObject({ name: 'StoreUnavailable' });
  });
});
