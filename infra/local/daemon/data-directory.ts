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
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const sentence = Object.hasOwn(sentences, code) ? sentences[code] : undefined;
  return new Failure('StoreUnavailable', (sentence ?? unusable)(dir), { cause });
};
