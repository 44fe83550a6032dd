import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Replaces a file's content as a whole: a process killed in the middle leaves the old content, never half of the new. */
export const writeWhole = (path: string, content: string): void => {
  const part = `${path}.part`;
  writeFileSync(part, content, { mode: 0o600 });
  renameSync(part, path);
};

/** Every JSON file of a directory, in the order of their names. */
export const readAll = (dir: string): unknown[] =>
  readdirSync(dir)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => JSON.parse(readFileSync(join(dir, file), 'utf8')));
