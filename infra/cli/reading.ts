import { isBlank, type Place } from './place.ts';
import type { Stage } from './stage.ts';

/** Reads at a place, or resolves to undefined where nothing was ever remembered: asking there would only make an empty table. */
export const reading = async <T>(place: Place, read: (stage: Stage) => Promise<T>): Promise<T | undefined> => {
  if (isBlank(place)) return undefined;
  const { openStage } = await import('./stage.ts');
  const stage = await openStage(place, { resume: false });
  try {
    return await read(stage);
  } finally {
    stage.close();
  }
};
