import { accessSync, chmodSync, constants, lstatSync, mkdirSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../../lib/failure.ts';

type Sentence = (dir: string) => string;

const refused: Sentence = (dir) =>
  `this user may not write to the data directory ${dir}: name another one with --data, or change its owner or its mode`;
const full: Sentence = (dir) =>
  `the disk of the data directory ${dir} is full: free some space, or name a directory on another disk with --data`;
const file: Sentence = (dir) =>
  `the data directory ${dir} is a file or lies below one: name another directory with --data, or move the file away`;
const unusable: Sentence = (dir) => `the data directory ${dir} cannot be used: name another one with --data`;

/** What an operator can do about a data directory, by the system's error code. */
const sentences: Record<string, Sentence> = {
  EACCES: refused,
  EPERM: refused,
  EROFS: (dir) => `the data directory ${dir} is on a read-only disk: name a directory on another disk with --data`,
  ENOSPC: full,
  EDQUOT: full,
  ENOTDIR: file,
  EEXIST: file,
};

/** The failure of a directory that cannot hold the local service's data. Its message says what to do. */
export const unusableDirectory = (dir: string, cause: unknown): Failure => {
  if (cause instanceof Failure) return cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const sentence = Object.hasOwn(sentences, code) ? sentences[code] : undefined;
  return new Failure('StoreUnavailable', (sentence ?? unusable)(dir), { cause });
};

const openToOthers = 0o077;
const writableByAll = 0o002;

/** Whether this user owns a file. Links are not followed. Systems without user ids have no other owner. */
export const isOwn = (path: string): boolean => {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found !== undefined && (process.geteuid === undefined || found.uid === process.geteuid());
};

/** Whether a directory belongs to this user, and no other user may look into it. */
export const isPrivate = (dir: string): boolean => isOwn(dir) && (statSync(dir).mode & openToOthers) === 0;

const mustBeOwn = (dir: string, path: string): void => {
  if (isOwn(path)) return;
  const which = path === dir ? 'belongs' : `holds ${path}, which belongs`;
  throw new Failure(
    'StoreUnavailable',
    `the data directory ${dir} ${which} to another user, so its content cannot be trusted: name another one with --data`,
  );
};

/** Visits all that lies at `path` in `dir`, links left alone. Throws StoreUnavailable where another user may have written there. */
const visit = (dir: string, path: string, act: (path: string, mode: number) => void): void => {
  mustBeOwn(dir, path);
  const found = lstatSync(path);
  if (found.isSymbolicLink()) return;
  if (found.isFile() && (found.mode & writableByAll) !== 0) {
    const advice = 'name another one with --data, or remove the file';
    throw new Failure('StoreUnavailable', `every user may write to ${path} in the data directory: ${advice}`);
  }
  act(path, found.mode);
  if (found.isDirectory()) for (const name of readdirSync(path)) visit(dir, join(path, name), act);
};

/**
 * Takes other users' access away from a directory and all that lies in it. One in which they may have written keeps its mode, so that the next command
 * refuses it too.
 */
const close = (dir: string): void => {
  visit(dir, dir, () => {});
  const before = statSync(dir).mode & 0o777;
  chmodSync(dir, 0o700);
  try {
    visit(dir, dir, (path, mode) => {
      if ((mode & openToOthers) !== 0) chmodSync(path, mode & 0o700);
    });
  } catch (thrown) {
    chmodSync(dir, before);
    throw thrown;
  }
};

/**
 * The real path of a data directory of which no other user may read or write anything. A missing one is created with mode 0700; one that was open to
 * others is closed. Throws StoreUnavailable where it is not writable, where it belongs to another user, or where others may have written to it.
 */
export const privateDirectory = (dir: string): string => {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const real = realpathSync(dir);
    accessSync(real, constants.W_OK | constants.X_OK);
    if (!isPrivate(real)) close(real);
    return real;
  } catch (cause) {
    throw unusableDirectory(dir, cause);
  }
};
