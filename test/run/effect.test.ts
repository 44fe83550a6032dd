import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../lib/failure.ts';
import {
  type Act,
  canonical,
  type Effect,
  type Effects,
  effectId,
  effectKey,
  once,
  reasonIn,
  recordRefused,
} from '../../lib/run/effect.ts';
import { plays } from '../kit/law-plays.ts';
import { type Fate, memoryEffects } from '../kit/memory-effects.ts';

const call = { runId: 'r', key: 'k', tool: 'http_post', attempt: 1 };
const acts = (...results: Act['happened'][]) => {
  const made: Act['happened'][] = [];
  const act = async (): Promise<Act> => {
    const happened = results[made.length] ?? 'yes';
    made.push(happened);
    return { happened, output: `output ${made.length}` };
  };
  return { made, act };
};

describe('an effect whose record another caller holds', () => {
  const lost = async () => {
    throw new Failure('EffectConflict', 'lost');
  };

  it('is unknown where that record is gone when it is read', async () => {
    const effects: Effects = { ...memoryEffects(new Map()), put: lost, get: async () => undefined };
    const { made, act } = acts('yes');
    expect(await once(call, act, effects)).toMatchObject({ happened: 'unknown' });
    expect(made).toEqual([]);
  });

  it('is a conflict after 100 lost races for a seat', async () => {
    let races = 0;
    const put = async () => {
      races += 1;
      return lost();
    };
    const effects: Effects = { ...memoryEffects(new Map()), put, seats: async () => [] };
    const { made, act } = acts('yes');
    await expect(once(call, act, effects, 1)).rejects.toMatchObject({ name: 'EffectConflict' });
    expect([races, made]).toEqual([100, []]);
  });

  it('keeps no list of calls that lost the seat where only its own repeats had it', async () => {
    const stored = new Map<string, Effect>();
    const effects = memoryEffects(stored);
    const { act } = acts('no', 'yes');
    await once(call, act, effects, 1);
    await once(call, act, effects, 1);
    expect([...stored.values()].map((effect) => [effect.status, 'before' in effect])).toEqual([['done', false]]);
  });
});

describe('an effect', () => {
  it('runs once, recorded as pending before and as done after', async () => {
    const stored = new Map<string, Effect>();
    const seen: (Effect | undefined)[] = [];
    const effects = memoryEffects(stored);
    const act = async (): Promise<Act> => {
      seen.push(await effects.get('r', 'k'));
      return { happened: 'yes', output: 'posted' };
    };
    expect(await once(call, act, effects)).toEqual({ happened: 'yes', output: 'posted', recorded: false });
    expect(seen).toEqual([{ ...call, status: 'pending', output: null, version: 1 }]);
    expect(stored.get('r k')).toEqual({ ...call, status: 'done', output: 'posted', version: 2 });
  });

  it('returns the recorded output to a later attempt and does not run again', async () => {
    const effects = memoryEffects();
    const { act, made } = acts('yes');
    await once(call, act, effects);
    for (const attempt of [1, 2, 3]) {
      const repeat = await once({ ...call, attempt }, act, effects);
      expect(repeat).toEqual({ happened: 'yes', output: 'output 1', recorded: true });
    }
    expect(made).toEqual(['yes']);
  });

  it('that certainly did not happen may run again, any number of times', async () => {
    const effects = memoryEffects();
    const { act, made } = acts('no', 'no', 'yes');
    expect(await once(call, act, effects)).toMatchObject({ happened: 'no', recorded: false });
    expect(await once(call, act, effects)).toMatchObject({ happened: 'no', recorded: false });
    expect(await once(call, act, effects)).toMatchObject({ happened: 'yes', output: 'output 3' });
    expect(await once(call, act, effects)).toMatchObject({ output: 'output 3', recorded: true });
    expect(made).toEqual(['no', 'no', 'yes']);
  });

  it('that may have happened is recorded as unknown, with what the tool says', async () => {
    const stored = new Map<string, Effect>();
    await once(call, async () => ({ happened: 'unknown', output: 'The server answered 500.' }), memoryEffects(stored));
    expect(stored.get('r k')).toEqual({ ...call, status: 'unknown', output: 'The server answered 500.', version: 2 });
  });

  it.each(['unknown', 'thrown'] as const)('that ended %s stays unknown in every later attempt', async (end) => {
    const effects = memoryEffects();
    const first = once(
      call,
      async () => {
        if (end === 'thrown') throw new Error('died');
        return { happened: 'unknown', output: '' };
      },
      effects,
    );
    await first.catch(() => undefined);
    const { act, made } = acts('yes');
    for (const attempt of [2, 3])
      expect(await once({ ...call, attempt }, act, effects)).toEqual({
        happened: 'unknown',
        output: '',
        recorded: true,
      });
    expect(made).toEqual([]);
  });

  it('does not run when its record cannot be written', async () => {
    for (const fate of ['before', 'after'] as const) {
      const { act, made } = acts('yes');
      await expect(once(call, act, memoryEffects(new Map(), undefined, [fate]))).rejects.toMatchObject({
        name: 'StoreUnavailable',
      });
      expect(made).toEqual([]);
    }
  });

  it('happens at most once under any interleaving and any store failures', async () => {
    const fates = fc.array(fc.constantFrom<Fate>('well', 'well', 'before', 'after'), { maxLength: 6 });
    const ends = fc.array(fc.constantFrom<Act['happened']>('no', 'yes', 'unknown'), { maxLength: 2 });
    const caller = fc.array(fc.record({ fates, ends }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(caller, { minLength: 2, maxLength: 2 }), async (scheduler, callers) => {
        const stored = new Map<string, Effect>();
        const happened: { output: string; certain: boolean }[] = [];
        const pause = () => scheduler.schedule(Promise.resolve());
        const tries = callers.map(async (attempts, who) => {
          for (const [number, { fates: some, ends: results }] of attempts.entries()) {
            const act = async (): Promise<Act> => {
              await pause();
              const end = results.shift() ?? 'yes';
              const output = `${who} ${number}`;
              if (end !== 'no') happened.push({ output, certain: end === 'yes' });
              return { happened: end, output };
            };
            const told = await once({ ...call, attempt: who + 1 }, act, memoryEffects(stored, pause, [...some])).catch(
              () => undefined,
            );
            if (told?.happened === 'yes') expect(happened).toEqual([{ output: told.output, certain: true }]);
          }
        });
        await scheduler.waitFor(Promise.all(tries));
        expect(happened.length).toBeLessThanOrEqual(1);
        const record = stored.get('r k');
        if (record?.status === 'done') expect(happened).toEqual([{ output: record.output, certain: true }]);
        if (record?.status === 'undone') expect(happened).toEqual([]);
      }),
      { numRuns: plays(500) },
    );
  });
});

describe('an effect whose tool has a limit', () => {
  const worded = (key: string, attempt = 1) => ({ ...call, key, attempt });

  it('takes a seat, and is over the limit where calls that are done or may have happened have all of them', async () => {
    const stored = new Map<string, Effect>();
    const effects = memoryEffects(stored);
    const { act, made } = acts('yes', 'unknown');
    expect(await once(worded('a'), act, effects, 2)).toEqual({ happened: 'yes', output: 'output 1', recorded: false });
    expect(await once(worded('b'), act, effects, 2)).toMatchObject({ happened: 'unknown', recorded: false });
    expect(await once(worded('c', 2), act, effects, 2)).toEqual({
      happened: 'over limit',
      output: '',
      recorded: false,
    });
    expect(made).toEqual(['yes', 'unknown']);
    expect([...stored.values()].map(({ seat, status }) => [seat, status])).toEqual([
      [1, 'done'],
      [2, 'unknown'],
    ]);
  });

  it('keeps its seat in a later attempt, and its end', async () => {
    const effects = memoryEffects();
    const { act, made } = acts('yes', 'unknown');
    await once(worded('a'), act, effects, 2);
    await once(worded('b'), act, effects, 2);
    expect(await once(worded('a', 2), act, effects, 2)).toEqual({
      happened: 'yes',
      output: 'output 1',
      recorded: true,
    });
    expect(await once(worded('b', 2), act, effects, 2)).toMatchObject({ happened: 'unknown', recorded: true });
    expect(made).toHaveLength(2);
  });

  it('gives up its seat where it was not made, and stays on record', async () => {
    const stored = new Map<string, Effect>();
    const effects = memoryEffects(stored);
    const { act, made } = acts('no', 'yes');
    await once({ ...worded('a'), place: 'desk', step: 1 }, act, effects, 1);
    expect(await once(worded('b', 2), act, effects, 1)).toMatchObject({ happened: 'yes' });
    expect(await once(worded('a', 2), act, effects, 1)).toMatchObject({ happened: 'over limit' });
    expect(made).toEqual(['no', 'yes']);
    expect([...stored.values()]).toMatchObject([
      { key: 'b', seat: 1, before: [{ key: 'a', attempt: 1, step: 1, place: 'desk', output: 'output 1' }] },
    ]);
  });

  it('is never made more often than allowed, whatever its words, under any interleaving and store failures', async () => {
    const fates = fc.array(fc.constantFrom<Fate>('well', 'well', 'well', 'before', 'after'), { maxLength: 8 });
    const one = fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      end: fc.constantFrom<Act['happened']>('no', 'yes', 'unknown'),
      fates,
    });
    const caller = fc.array(one, { minLength: 1, maxLength: 3 });
    const callers = fc.array(caller, { minLength: 2, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), callers, fc.integer({ min: 1, max: 2 }), async (scheduler, all, limit) => {
        const stored = new Map<string, Effect>();
        const happened: string[] = [];
        const pause = () => scheduler.schedule(Promise.resolve());
        const tries = all.map(async (calls, who) => {
          for (const { key, end, fates: some } of calls) {
            const act = async (): Promise<Act> => {
              await pause();
              if (end !== 'no') happened.push(key);
              return { happened: end, output: end };
            };
            const effects = memoryEffects(stored, pause, [...some]);
            await once(worded(key, who + 1), act, effects, limit).catch(() => undefined);
          }
        });
        await scheduler.waitFor(Promise.all(tries));
        expect(happened.length).toBeLessThanOrEqual(limit);
        expect(new Set(happened).size).toBe(happened.length);
        const left = [...stored.values()].filter(({ status }) => status !== 'undone');
        expect(left.length).toBeGreaterThanOrEqual(happened.length);
      }),
      { numRuns: plays(500) },
    );
  });
});

describe('a call that was refused before it was made', () => {
  it('is recorded as not made, and changes no record of an earlier call', async () => {
    const stored = new Map<string, Effect>();
    const effects = memoryEffects(stored);
    await recordRefused(call, 'Not called.', effects);
    expect([...stored.values()]).toEqual([{ ...call, status: 'undone', output: 'Not called.', version: 1 }]);
    await recordRefused({ ...call, attempt: 2 }, 'Again.', effects);
    expect([...stored.values()]).toMatchObject([{ attempt: 1, output: 'Not called.', version: 1 }]);
  });
});

describe('the reason of an effect that is not done', () => {
  it('is the first line of its output, bounded', () => {
    expect(reasonIn('Not done: the server answered 401.\n<html>')).toBe('Not done: the server answered 401.');
    expect(reasonIn('x'.repeat(1000))).toHaveLength(300);
    expect(reasonIn(null)).toBeNull();
  });
});

describe('the id of an effect', () => {
  it('is its key, or its seat under the tool', () => {
    expect(effectId({ key: 'k', tool: 'pay' })).toBe('k');
    expect(effectId({ key: 'k', tool: 'pay', seat: 7 })).toBe('pay.007');
  });
});

describe('the key of an effect', () => {
  const key = (change: Partial<Parameters<typeof effectKey>[0]> = {}) =>
    effectKey({ runId: 'r', tool: 't', input: { a: 1, b: [2] }, occurrence: 1, ...change });

  it('is the same for the same call with its arguments in any order', () => {
    expect(key({ input: { b: [2], a: 1 } })).toBe(key());
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (input) => {
        const turned = Object.fromEntries(Object.entries(input).toReversed());
        expect(key({ input: turned })).toBe(key({ input }));
        expect(key({ input: JSON.parse(JSON.stringify(input)) })).toBe(key({ input }));
      }),
    );
  });

  it('differs for another run, tool, argument or occurrence', () => {
    const keys = [
      key(),
      key({ runId: 's' }),
      key({ tool: 'u' }),
      key({ input: { a: '1', b: [2] } }),
      key({ input: { a: 1, b: [2, 2] } }),
      key({ occurrence: 2 }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('is valid in an HTTP header', () => {
    expect(key()).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  it('is made from canonical JSON', () => {
    expect(canonical({ b: 1, a: [1e2, 'é', null] })).toBe('{"a":[100,"é",null],"b":1}');
    expect(canonical(undefined)).toBe('null');
  });
});
