import { Failure } from '../../lib/failure.ts';
import { type Effect, type Effects, effectId } from '../../lib/run/effect.ts';

/** The fate of a store call: success, failure before the work, or failure after it. */
export type Fate = 'well' | 'before' | 'after';

/** Effects in memory that keep the contract of the port. Each call first pauses, then takes the next fate. */
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
    get: (runId, id) => fated(() => stored.get(`${runId} ${id}`)),
    seats: (runId, tool) =>
      fated(() => [...stored.values()].filter((one) => one.runId === runId && one.tool === tool && one.seat)),
    list: (runId) =>
      fated(() =>
        [...stored.values()].filter((one) => one.runId === runId).map((one) => ({ ...one, reason: one.output })),
      ),
    put: (effect) =>
      fated(() => {
        const place = `${effect.runId} ${effectId(effect)}`;
        if ((stored.get(place)?.version ?? 0) !== effect.version - 1) throw new Failure('EffectConflict', place);
        stored.set(place, effect);
      }),
  };
};
