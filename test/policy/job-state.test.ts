import { describe, expect, it } from 'vitest';
import { Failure, type FailureName } from '../../lib/failure.ts';
import {
  changeState,
  freshState,
  isListed,
  JobState,
  nextState,
  orJobConflict,
  untilWon,
} from '../../lib/policy/job-state.ts';
import { memoryStores } from '../kit/memory-stores.ts';

const lost = (name: FailureName) => new Failure(name, 'lost');
/** Work that loses so many races and then wins. */
const winningAfter = (losses: number, name: FailureName = 'JobConflict') => {
  const work = async () => {
    work.tries += 1;
    if (work.tries <= losses) throw lost(name);
    return 'won';
  };
  work.tries = 0;
  return work;
};

describe('the state of a job', () => {
  it('is empty for a job without runs, with a first version still to be written', () => {
    const fresh = freshState('report');
    expect(JobState.safeParse(fresh).success).toBe(false);
    expect(JobState.parse(nextState(fresh, {}))).toEqual({ ...fresh, version: 1 });
  });

  it('lists the queued run and each open one, and no other', () => {
    const listed = { ...freshState('report'), queued: 'b', open: [{ run: 'a' }] } as unknown as JobState;
    expect(['a', 'b', 'c'].map((run) => isListed(listed, run))).toEqual([true, true, false]);
  });

  it('keeps unchanged fields in its next version', () => {
    const state = { ...freshState('report'), streak: -2, version: 7 };
    expect(nextState(state, { queued: 'r' })).toEqual({ ...state, queued: 'r', version: 8 });
    expect(state.version).toBe(7);
  });
});

describe('work for a run', () => {
  it.each(['RunConflict', 'SessionConflict'] as const)(
    'throws JobConflict when it loses by %s, so that the caller reads the job again',
    async (name) => {
      await expect(orJobConflict('r', Promise.reject(lost(name)))).rejects.toMatchObject({ name: 'JobConflict' });
    },
  );

  it('passes any other result or failure on', async () => {
    expect(await orJobConflict('r', Promise.resolve(3))).toBe(3);
    for (const thrown of [lost('EffectConflict'), lost('StoreUnavailable'), new TypeError('a bug')])
      await expect(orJobConflict('r', Promise.reject(thrown))).rejects.toBe(thrown);
  });
});

describe('work that is retried after a JobConflict', () => {
  it('is repeated until it wins', async () => {
    const work = winningAfter(50);
    expect(await untilWon(work)).toBe('won');
    expect(work.tries).toBe(51);
  });

  it('fails with JobConflict after it has lost fifty-one times', async () => {
    const work = winningAfter(Number.POSITIVE_INFINITY);
    await expect(untilWon(work)).rejects.toMatchObject({ name: 'JobConflict' });
    expect(work.tries).toBe(51);
  });

  it('is not repeated after any other failure', async () => {
    const work = winningAfter(1, 'StoreUnavailable');
    await expect(untilWon(work)).rejects.toMatchObject({ name: 'StoreUnavailable' });
    expect(work.tries).toBe(1);
  });
});

describe('a change of the state of a job', () => {
  it('starts from an empty state where none is stored, and resolves to the written state', async () => {
    const { states } = memoryStores();
    const changed = await changeState('report', ({ streak }) => ({ streak: streak + 1 }), states);
    expect(changed).toEqual({ ...freshState('report'), streak: 1, version: 1 });
    expect(await states.get('report')).toEqual(changed);
  });

  it('that leaves the state as it is writes nothing', async () => {
    const { states } = memoryStores();
    expect(await changeState('report', () => undefined, states)).toEqual(freshState('report'));
    expect(await states.get('report')).toBeUndefined();
  });

  it('that loses is made again from the state that the winner wrote', async () => {
    const { states } = memoryStores();
    const all = Array.from({ length: 20 }, () =>
      changeState('report', ({ streak }) => ({ streak: streak + 1 }), states),
    );
    await Promise.all(all);
    expect(await states.get('report')).toMatchObject({ streak: 20, version: 20 });
  });
});
