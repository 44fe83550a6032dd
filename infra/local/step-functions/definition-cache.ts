import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** State machine definitions that were found valid, by their text. */
export type DefinitionCache = { has(text: string): boolean; add(text: string): void };

/** Remembers them in a directory, as an empty file each. Where that cannot be written they are checked each time. */
export const definitionCache = (dir: string): DefinitionCache => {
  const mark = (text: string): string => join(dir, `${createHash('sha256').update(text).digest('hex')}.valid`);
  return {
    has: (text) => existsSync(mark(text)),
    add: (text) => {
      try {
        writeFileSync(mark(text), '');
      } catch {}
    },
  };
};
