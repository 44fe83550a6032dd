import type { Declared } from '../../lib/io/job-files.ts';
import { unusable } from '../local/unusable.ts';
import { writeLocalConfig } from './config.ts';
import type { Place } from './place.ts';
import type { Stage } from './stage.ts';
import type { Terminal } from './terminal.ts';

/** Opens a place in which something is to run: the local functions get these jobs, and what an earlier local service left open goes on. */
export const running = async <T>(
  place: Place,
  declared: Declared,
  progress: Terminal,
  work: (stage: Stage) => Promise<T>,
): Promise<T> => {
  const { stage: deployed, data } = place;
  if (deployed === undefined) {
    await writeLocalConfig(data, declared).catch((thrown: unknown) => {
      throw unusable(data, thrown);
    });
  }
  progress.show(() => (deployed === undefined ? 'starting the local service' : `asking stage ${deployed}`));
  const { openStage } = await import('./stage.ts');
  const stage = await openStage(place, { resume: true });
  try {
    return await work(stage);
  } finally {
    progress.show();
    stage.close();
  }
};

/** Lets Ctrl-C end the watching, and not the process, while the work is done. What runs goes on. */
export const untilInterrupted = async <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const stop = new AbortController();
  const onInterrupt = () => stop.abort();
  process.once('SIGINT', onInterrupt);
  try {
    return await work(stop.signal);
  } finally {
    process.off('SIGINT', onInterrupt);
  }
};
