import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

const parts = ['jobs', 'scripts', 'holidays'];

const filesOf = async (dir: string): Promise<string[]> => {
  try {
    return (await readdir(dir)).sort().map((name) => join(dir, name));
  } catch {
    return [];
  }
};

const markOf = async (path: string): Promise<unknown> => {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    return [path, mtimeMs, size, ino];
  } catch {
    return [path];
  }
};

/** A stamp of the job files: it differs when a file's time, size or inode differs. */
const stampOf = async (infra: string): Promise<string> => {
  const files = await Promise.all(parts.map((part) => filesOf(join(infra, part))));
  return JSON.stringify(await Promise.all(files.flat().map(markOf)));
};

export type FileChanges = {
  /** Whether files have changed since the last `true`. It is false while they still change from one call to the next. */
  settled(): Promise<boolean>;
};

/** Watches the job files by polling their stamp, which works with every editor and file system. */
export const watchChanges = async (infra: string): Promise<FileChanges> => {
  let reported = await stampOf(infra);
  let last = reported;
  return {
    async settled() {
      const stamp = await stampOf(infra);
      const isSettled = stamp === last;
      last = stamp;
      if (stamp === reported || !isSettled) return false;
      reported = stamp;
      return true;
    },
  };
};
