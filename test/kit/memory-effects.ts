import { Failure } from '../../lib/failure.ts';
import type { Effect, Effects } from '../../lib/run/effect.ts';

/** What happens to a call of the store: all well, lost before it was done, or done and the answer lost. */
export type Fate = 'well' | 'before' | 'after';

/** Effects in memory under the contract of the port. Each call first pauses, then meets the next of its fates. */
export const memoryEffects = (
  stored = new Map<string, Effect>(),
  pause: () => Promise<void> = async () => {},
  fates: Fate[] = [],
): Effects => {
  const fated = async <T>(work: () => T): Promise<T> => {
    const fate = fates.shift() ?? 'well';
    await pause();
    if (fate === 'before') throw new Failure('StoreUnavailable', 'lost before');
    const done = work();
    if (fate === 'after') throw new Failure('StoreUnavailable', 'lost after');
    return done;
  };
  return {
    get: (runId, key) => fated(() => stored.get(`${runId} ${key}`)),
    put: (effect) =>
      fated(() => {
        const place = `${effect.runId} ${effect.key}`;
        if ((stored.get(place)?.version ?? 0) !== effect.version - 1) throw new Failure('EffectConflict', place);
        stored.set(place, effect);
      }),
  };
};
