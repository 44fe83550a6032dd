import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Replaces a file atomically: after a crash it has the old or the new content. */
export const replaceFile = (path: string, content: string): void => {
  const part = `${path}.part`;
  writeFileSync(part, content, { mode: 0o600, flush: true });
  renameSync(part, path);
};

/** A JSON file's content. A file that `parse` refuses is renamed to `<file>.bad` and reported; the result is undefined. */
export const readValid = <T>(
  path: string,
  parse: (value: unknown) => T,
  report: (error: unknown) => void,
): T | undefined => {
  const text = readFileSync(path, 'utf8');
  try {
    return parse(JSON.parse(text));
  } catch (thrown) {
    renameSync(path, `${path}.bad`);
    report(`${path} could not be read and is now ${path}.bad: ${String(thrown)}`);
    return undefined;
  }
};

/** The content of every valid JSON file in a directory, in the order of their names. */
export const readAllValid = <T>(dir: string, parse: (value: unknown) => T, report: (error: unknown) => void): T[] =>
  readdirSync(dir)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => readValid(join(dir, file), parse, report))
    .filter((found) => found !== undefined);
