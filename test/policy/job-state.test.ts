import { describe, expect, it } from 'vitest';
import { Failure, type FailureName } from '../../lib/failure.ts';
import { changeState, freshState, JobState, nextState, orJobConflict, untilWon } from '../../lib/policy/job-state.ts';
import { memoryStores } from '../kit/memory-stores.ts';

const lost = (name: FailureName) => new Failure(name, 'lost');
/** Work that loses this many races and then wins. */
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
  it('that has done nothing is empty, and its first version is still to be written', () => {
    const fresh = freshState('report');
    expect(JobState.safeParse(fresh).success).toBe(false);
    expect(JobState.parse(nextState(fresh, {}))).toEqual({ ...fresh, version: 1 });
  });

  it('that is written next keeps what is not changed, and counts its version up', () => {
    const state = { ...freshState('report'), streak: -2, version: 7 };
    expect(nextState(state, { queued: 'r' })).toEqual({ ...state, queued: 'r', version: 8 });
    expect(state.version).toBe(7);
  });
});

describe('work on a run', () => {
  it.each(['RunConflict', 'SessionConflict'] as const)(
    'that loses by %s becomes JobConflict, so that the job is read again',
    async (name) => {
      await expect(orJobConflict('r', Promise.reject(lost(name)))).rejects.toMatchObject({ name: 'JobConflict' });
    },
  );

  it('that ends otherwise ends as it does', async () => {
    expect(await orJobConflict('r', Promise.resolve(3))).toBe(3);
    for (const thrown of [lost('EffectConflict'), lost('StoreUnavailable'), new TypeError('a bug')])
      await expect(orJobConflict('r', Promise.reject(thrown))).rejects.toBe(thrown);
  });
});

describe('work that may lose a race for a job', () => {
  it('is done again until it wins', async () => {
    const work = winningAfter(50);
    expect(await untilWon(work)).toBe('won');
    expect(work.tries).toBe(51);
  });

  it('gives up with JobConflict once it has lost fifty-one times', async () => {
    const work = winningAfter(Number.POSITIVE_INFINITY);
    await expect(untilWon(work)).rejects.toMatchObject({ name: 'JobConflict' });
    expect(work.tries).toBe(51);
  });

  it('is not done again after any other failure', async () => {
    const work = winningAfter(1, 'StoreUnavailable');
    await expect(untilWon(work)).rejects.toMatchObject({ name: 'StoreUnavailable' });
    expect(work.tries).toBe(1);
  });
});

describe('a change of the state of a job', () => {
  it('begins from an empty state where there is none, and resolves to what it wrote', async () => {
    const { states } = memoryStores();
    const changed = await changeState('report', ({ streak }) => ({ streak: streak + 1 }), states);
    expect(changed).toEqual({ ...freshState('report'), streak: 1, version: 1 });
    expect(await states.get('report')).toEqual(changed);
  });

  it('that turns out to be none writes nothing', async () => {
    const { states } = memoryStores();
    expect(await changeState('report', () => undefined, states)).toEqual(freshState('report'));
    expect(await states.get('report')).toBeUndefined();
  });

  it('that loses is made anew from what the winner wrote, so that no change is lost', async () => {
    const { states } = memoryStores();
    const all = Array.from({ length: 20 }, () =>
      changeState('report', ({ streak }) => ({ streak: streak + 1 }), states),
    );
    await Promise.all(all);
    expect(await states.get('report')).toMatchObject({ streak: 20, version: 20 });
  });
});
