import type { Declared } from '../../../lib/io/files/job-files.ts';
import { unusableDirectory } from '../../local/daemon/data-directory.ts';
import type { Client } from './client.ts';
import { writeLocalConfig } from './local-config.ts';
import { isBlank, type Target } from './target.ts';

/** Where a passing line shows what is being done; none takes it away. */
type Progress = { show(status?: () => string | undefined): void };

/** Reads at a place, or resolves to undefined where nothing was ever remembered: asking there would only make an empty table. */
export const reading = async <T>(place: Target, read: (stage: Client) => Promise<T>): Promise<T | undefined> => {
  if (isBlank(place)) return undefined;
  const { openClient: openStage } = await import('./client.ts');
  const stage = await openStage(place, { resume: false });
  try {
    return await read(stage);
  } finally {
    stage.close();
  }
};

/** Opens a place in which something is to run: the local functions get these jobs, and what an earlier local service left open goes on. */
export const running = async <T>(
  place: Target,
  declared: Declared,
  progress: Progress,
  work: (stage: Client) => Promise<T>,
): Promise<T> => {
  const { stage: deployed, data } = place;
  if (deployed === undefined) {
    await writeLocalConfig(data, declared).catch((thrown: unknown) => {
      throw unusableDirectory(data, thrown);
    });
  }
  progress.show(() => (deployed === undefined ? 'starting the local service' : `asking stage ${deployed}`));
  const { openClient: openStage } = await import('./client.ts');
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
