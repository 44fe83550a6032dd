import type { Declared } from '../../../lib/io/files/job-files.ts';
import { privateDirectory, unusableDirectory } from '../../local/daemon/data-directory.ts';
import type { Client } from './client.ts';
import { writeLocalConfig } from './local-config.ts';
import { isBlank, type Target } from './target.ts';

/** Shows a status line, or removes it. */
type Progress = { show(status?: () => string | undefined): void };

/** Reads from a target. Undefined where the data directory holds no table: connecting would create an empty one. */
export const reading = async <T>(target: Target, read: (client: Client) => Promise<T>): Promise<T | undefined> => {
  if (isBlank(target)) return undefined;
  const { openClient } = await import('./client.ts');
  const client = await openClient(target, { resume: false });
  try {
    return await read(client);
  } finally {
    client.close();
  }
};

/** Opens a target to run jobs on it. The local functions get these jobs, and open runs of an earlier local service continue. */
export const running = async <T>(
  target: Target,
  declared: Declared,
  progress: Progress,
  work: (client: Client) => Promise<T>,
): Promise<T> => {
  const { stage, data } = target;
  if (stage === undefined) {
    privateDirectory(data);
    await writeLocalConfig(data, declared).catch((thrown: unknown) => {
      throw unusableDirectory(data, thrown);
    });
  }
  progress.show(() => (stage === undefined ? 'starting the local service' : `asking stage ${stage}`));
  const { openClient } = await import('./client.ts');
  const client = await openClient(target, { resume: true });
  try {
    return await work(client);
  } finally {
    progress.show();
    client.close();
  }
};

/** Ctrl-C aborts the signal, and does not end the process, while `work` runs. Open runs continue. */
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
