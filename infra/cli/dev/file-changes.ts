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

/** Tells one state of the job files from another, by each file's time and size. */
const stampOf = async (infra: string): Promise<string> => {
  const files = await Promise.all(parts.map((part) => filesOf(join(infra, part))));
  return JSON.stringify(await Promise.all(files.flat().map(markOf)));
};

export type FileChanges = {
  /** Whether the files have changed since this last said so, and rest by now: between two questions nothing moved. */
  settled(): Promise<boolean>;
};

/**
 * Watches what jobs are read from, by asking: whatever an editor, a checkout or a file system does, a changed file has another stamp. What
 * is being written is left until it rests.
 */
export const watchChanges = async (infra: string): Promise<FileChanges> => {
  let told = await stampOf(infra);
  let last = told;
  return {
    async settled() {
      const stamp = await stampOf(infra);
      const rests = stamp === last;
      last = stamp;
      if (stamp === told || !rests) return false;
      told = stamp;
      return true;
    },
  };
};
