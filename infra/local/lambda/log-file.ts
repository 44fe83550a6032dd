import { appendFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A function keeps at most twice this many bytes of log. */
const maxBytes = 5 * 1024 * 1024;

/** Opens `<dir>/<name>.jsonl` for appending. A full file becomes `<name>.old.jsonl` and replaces the one before. */
export const openLogFile = (dir: string, name: string, most = maxBytes): ((text: string) => void) => {
  const path = join(dir, `${name}.jsonl`);
  let size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return (text) => {
    if (size > 0 && size + Buffer.byteLength(text) > most) {
      renameSync(path, join(dir, `${name}.old.jsonl`));
      size = 0;
    }
    appendFileSync(path, text);
    size += Buffer.byteLength(text);
  };
};
