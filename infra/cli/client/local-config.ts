import { createHash } from 'node:crypto';
import { access, mkdir, readlink, rename, symlink } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { type Declared, writeConfig } from '../../../lib/io/files/job-files.ts';

/** The configuration of the local functions: a link to the set of jobs that was written last. */
export const configPath = (data: string): string => resolve(data, 'config');

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/**
 * Writes the jobs for the local functions. A set is a directory named by its content, and is never changed. The link is replaced
 * atomically, so a function reads one whole set, however many commands start at once.
 */
export const writeLocalConfig = async (data: string, declared: Declared): Promise<void> => {
  const set = join('configs', createHash('sha256').update(JSON.stringify(declared)).digest('hex').slice(0, 16));
  const directory = resolve(data, set);
  await mkdir(resolve(data, 'configs'), { recursive: true, mode: 0o700 });
  if (!(await exists(directory))) {
    await writeConfig(directory, declared).catch(async (thrown: unknown) => {
      if (!(await exists(join(directory, 'jobs.json')))) throw thrown;
    });
  }
  const link = `${configPath(data)}.${process.pid}`;
  await symlink(set, link);
  await rename(link, configPath(data));
};

/** Identifies the configuration. Where it differs, the local service starts new function processes. */
export const configStamp = async (data: string): Promise<string> =>
  readlink(configPath(data)).then(
    (set) => basename(set),
    () => '',
  );
