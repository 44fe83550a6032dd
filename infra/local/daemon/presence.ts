import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { writeWhole } from '../atomic.ts';

/** Who serves a directory, as its file says and as the daemon itself answers. `code` tells two versions of it apart. */
export const Presence = z.strictObject({ dir: z.string(), url: z.string(), pid: z.number().int(), code: z.string() });
export type Presence = z.infer<typeof Presence>;

/** What a daemon exits with when another one works on the directory. */
export const lockedExitCode = 75;

/** Where a lease's answer says how many open executions wait for a client that runs. */
export const waitingHeader = 'nightshift-waiting';

const file = (dir: string): string => join(dir, 'service.json');

/** Who was last known to serve the directory. It may be long gone: ask it. */
export const readPresence = (dir: string): Presence | undefined => {
  try {
    return Presence.safeParse(JSON.parse(readFileSync(file(dir), 'utf8'))).data;
  } catch {
    return undefined;
  }
};

export const writePresence = (presence: Presence): void => writeWhole(file(presence.dir), JSON.stringify(presence));

/** Takes a daemon's own presence away, not another's. */
export const removePresence = (presence: Presence): void => {
  if (readPresence(presence.dir)?.pid === presence.pid) rmSync(file(presence.dir), { force: true });
};

/** A stamp of the code a daemon runs and of how it is set up: another stamp, another daemon. */
export const codeStamp = (code: string, setup: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify([code, setup]))
    .digest('hex')
    .slice(0, 16);
