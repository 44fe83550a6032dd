import { describe, expect, it } from 'vitest';
import { repeated } from '../../lib/io/repeated.ts';

const { signal } = new AbortController();
const isDoubt = (end: { value: string } | { thrown: unknown }) =>
  'value' in end ? end.value === 'doubt' : end.thrown === 'doubt';

/** Plays the ends in order: a text is returned, a list of one is thrown. */
const playing = (...ends: (string | [string])[]) => {
  let made = 0;
  const once = async (): Promise<string> => {
    const end = ends[made] ?? 'none is left';
    made += 1;
    if (typeof end === 'string') return end;
    throw end[0];
  };
  return { once, made: () => made };
};

describe('a call under a key', () => {
  it.each<[(string | [string])[], string, number]>([
    [['done'], 'done', 1],
    [['doubt', 'done'], 'done', 2],
    [[['doubt'], 'doubt', 'done'], 'done', 3],
    [['doubt', 'doubt', 'doubt'], 'doubt', 3],
  ])('that ends as %j is made until it is in no doubt, at most 3 times', async (ends, value, times) => {
    const { once, made } = playing(...ends);
    expect(await repeated(once, isDoubt, signal)).toBe(value);
    expect(made()).toBe(times);
  });

  it('throws what is no doubt, and the last doubt', async () => {
    const [refused, doubtful] = [playing('doubt', ['no']), playing(['doubt'], ['doubt'], ['doubt'])];
    await expect(repeated(refused.once, isDoubt, signal)).rejects.toBe('no');
    await expect(repeated(doubtful.once, isDoubt, signal)).rejects.toBe('doubt');
    expect([refused.made(), doubtful.made()]).toEqual([2, 3]);
  });

  it('is not made again when its time is over', async () => {
    const { once, made } = playing('doubt', 'done');
    expect(await repeated(once, isDoubt, AbortSignal.abort())).toBe('doubt');
    expect(made()).toBe(1);
  });
});
