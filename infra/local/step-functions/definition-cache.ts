import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The texts of state machine definitions that are valid. */
export type DefinitionCache = { has(text: string): boolean; add(text: string): void };

/** Keeps an empty file in `dir` for each valid definition. Where `dir` is not writable, definitions are checked every time. */
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
