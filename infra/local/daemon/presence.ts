import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { replaceFile } from '../json-file.ts';

/** The daemon of a directory, as it writes to a file and as it answers. `code` differs for another version or setup. */
export const Presence = z.strictObject({
  dir: z.string(),
  socket: z.string(),
  pid: z.number().int(),
  code: z.string(),
});
export type Presence = z.infer<typeof Presence>;

/** The exit code of a daemon that finds another one on its directory. */
export const lockedExitCode = 75;

/** The header of a lease: how many open executions wait for a client with `resume`. */
export const waitingHeader = 'nightshift-waiting';

const file = (dir: string): string => join(dir, 'service.json');

/** The daemon that last wrote the directory's file. It may have ended since. */
export const readPresence = (dir: string): Presence | undefined => {
  try {
    return Presence.safeParse(JSON.parse(readFileSync(file(dir), 'utf8'))).data;
  } catch {
    return undefined;
  }
};

export const writePresence = (presence: Presence): void => replaceFile(file(presence.dir), JSON.stringify(presence));

/** Removes the file, unless another daemon has written it since. */
export const removePresence = (presence: Presence): void => {
  if (readPresence(presence.dir)?.pid === presence.pid) rmSync(file(presence.dir), { force: true });
};

/** A stamp of a daemon's code and setup. */
export const codeStamp = (code: string, setup: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify([code, setup]))
    .digest('hex')
    .slice(0, 16);
