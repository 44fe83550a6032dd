import { describe, expect, it } from 'vitest';
import type { EffectRecord } from '../../lib/run/effect.ts';
import { callText, effectCount, isMadeGood, isOverLimit, notDone, toldOf } from '../../lib/run/effect-count.ts';

let keys = 0;
const effect = (status: EffectRecord['status'], more: Partial<EffectRecord> = {}): EffectRecord => ({
  key: `k${++keys}`,
  tool: 'http_post',
  attempt: 1,
  step: 1,
  place: 'https://desk.example.com/reports',
  status,
  reason: status === 'done' ? null : 'The server said no.',
  ...more,
});
const elsewhere = { place: 'https://pager.example.com/' };

describe('calls that are not done', () => {
  it('are named in one order, however they were read: of one step, by their keys', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((key) => effect('undone', { key })) as [
      EffectRecord,
      EffectRecord,
      EffectRecord,
    ];
    for (const read of [
      [a, b, c],
      [c, b, a],
      [b, a, c],
      [b, c, a],
    ])
      expect(notDone(read).map(({ key }) => key)).toEqual(['a', 'b', 'c']);
  });
});

describe('a call that is not done', () => {
  const undone = effect('undone', { step: 2 });

  it.each<[string, boolean, EffectRecord]>([
    ['a later step', true, effect('done', { step: 3 })],
    ['a later attempt', true, effect('done', { attempt: 2, step: 1 })],
    ['an earlier step', false, effect('done', { step: 1 })],
    ['the same step', false, effect('done', { step: 2 })],
    ['a later step, at another place', false, effect('done', { step: 3, ...elsewhere })],
    ['a later step, by another tool', false, effect('done', { step: 3, tool: 'page_on_duty' })],
    ['a later step that may have happened', false, effect('pending', { step: 3 })],
  ])('and a call done in %s: made good is %s', (_, good, other) => {
    expect(isMadeGood(undone, [undone, other], undefined)).toBe(good);
    const unknown: EffectRecord = { ...undone, status: 'unknown' };
    expect(isMadeGood(unknown, [unknown, other], undefined)).toBe(good);
  });

  it('is made good by any later call of its tool where its arguments named no place', () => {
    const nowhere = effect('undone', { place: null });
    expect(isMadeGood(nowhere, [nowhere, effect('done', { step: 2, ...elsewhere })], undefined)).toBe(true);
    expect(isMadeGood(nowhere, [nowhere, effect('done')], undefined)).toBe(false);
  });

  it('is over the limit where others have used it up, and then made good by any call done at its place', () => {
    const done = effect('done');
    const limits = { http_post: 1 };
    expect(isOverLimit(undone, [done, undone], limits)).toBe(true);
    expect(isOverLimit(undone, [effect('pending'), undone], limits)).toBe(true);
    expect(isOverLimit(undone, [effect('undone'), undone], limits)).toBe(false);
    expect(isOverLimit(undone, [done, undone], { http_post: 2 })).toBe(false);
    expect(isOverLimit(undone, [done, undone], { other: 1 })).toBe(false);
    expect(isMadeGood(undone, [done, undone], limits)).toBe(true);
    expect(isMadeGood(undone, [effect('done', elsewhere), undone], limits)).toBe(false);
  });
});

describe('the count of a run’s effects', () => {
  it('is undefined without effects', () => {
    expect(effectCount([], undefined)).toBeUndefined();
  });

  it('leaves out what was made good, and counts a call without an end as unknown', () => {
    const effects = [effect('undone'), effect('done', { step: 2 }), effect('pending', { step: 3, ...elsewhere })];
    expect(effectCount(effects, undefined)).toEqual({
      done: 1,
      undone: 0,
      unknown: 1,
      first: { tool: 'http_post', ...elsewhere, status: 'unknown', reason: 'The server said no.' },
    });
  });

  it('counts a call that may have happened even if a later one is done', () => {
    expect(effectCount([effect('unknown'), effect('done', { step: 2 })], undefined)).toMatchObject({
      done: 1,
      unknown: 1,
    });
  });

  it('names an unknown call before others, and the earliest of each', () => {
    const [late, early] = [effect('unknown', { attempt: 2 }), effect('unknown', { step: 4, ...elsewhere })];
    expect(notDone([effect('undone'), late, early]).map(({ status, step }) => [status, step])).toEqual([
      ['unknown', 4],
      ['unknown', 1],
      ['undone', 1],
    ]);
    expect(effectCount([effect('undone'), late, early], undefined)?.first).toMatchObject(elsewhere);
  });

  it('reads effects of earlier versions, which have no place and no step', () => {
    const { place: _, step: __, ...old } = effect('undone');
    expect(effectCount([old], undefined)).toMatchObject({ undone: 1, first: { place: null } });
    expect(effectCount([old, effect('done')], undefined)).toMatchObject({ done: 1, undone: 0 });
  });
});

describe('what a new attempt is told', () => {
  it('is the calls of earlier attempts that are done or may have happened', () => {
    const effects = [
      effect('done'),
      effect('undone', { step: 2 }),
      effect('pending', { step: 3, ...elsewhere }),
      effect('done', { attempt: 2, ...elsewhere }),
    ];
    expect(toldOf(effects, 2)).toEqual({
      done: ['http_post to https://desk.example.com/reports'],
      unknown: ['http_post to https://pager.example.com/'],
    });
    expect(toldOf(effects, 3)?.done).toHaveLength(2);
    expect(toldOf(effects, 1)).toBeUndefined();
    expect(toldOf([effect('undone')], 2)).toBeUndefined();
  });

  it('is bounded', () => {
    const { done } =
      toldOf(
        Array.from({ length: 50 }, () => effect('done')),
        2,
      ) ?? {};
    expect(done).toHaveLength(21);
    expect(done?.at(-1)).toBe('and 30 more');
  });

  it('names a call by its tool, and its place if it has one', () => {
    expect([callText({ tool: 'page_on_duty', place: '' }), callText({ tool: 'page_on_duty', place: null })]).toEqual([
      'page_on_duty',
      'page_on_duty',
    ]);
  });
});
