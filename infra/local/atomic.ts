import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Replaces a file's content as a whole: whoever dies in the middle, the process or the machine, it is the old or the new. */
export const writeWhole = (path: string, content: string): void => {
  const part = `${path}.part`;
  writeFileSync(part, content, { mode: 0o600, flush: true });
  renameSync(part, path);
};

/** A JSON file's content. One that `parse` does not take is set aside as `<file>.bad`, told of, and undefined. */
export const readOr = <T>(
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

/** Every JSON file of a directory, in the order of their names, but for those set aside. */
export const readAll = <T>(dir: string, parse: (value: unknown) => T, report: (error: unknown) => void): T[] =>
  readdirSync(dir)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => readOr(join(dir, file), parse, report))
    .filter((found) => found !== undefined);
