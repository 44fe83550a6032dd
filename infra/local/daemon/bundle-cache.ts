import { createHash, randomUUID } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../../lib/failure.ts';
import { projectRoot } from '../project-root.ts';

/** The sources of the bundles. */
const parts = [
  'functions',
  'lib',
  'infra/cli',
  'infra/local',
  'infra/package/build.ts',
  'infra/run.asl.json',
  'infra/table.yml',
  'package-lock.json',
];

/** Bundles that were not used for so long are removed. */
const unusedMs = 86_400_000;

const files = (path: string): string[] =>
  statSync(path).isDirectory()
    ? readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => join(path, name))
    : [path];

/** A stamp of the sources, by each file's size and time. */
const sourceStamp = (root: string): string => {
  const hash = createHash('sha256').update(JSON.stringify([root, process.version]));
  for (const part of parts)
    for (const path of files(join(root, part)).sort()) {
      const found = statSync(path, { throwIfNoEntry: false });
      hash.update(JSON.stringify([path, found?.mtimeMs, found?.size]));
    }
  return hash.digest('hex').slice(0, 16);
};

const removeUnused = (home: string, now: number): void => {
  for (const name of readdirSync(home)) {
    const path = join(home, name);
    const used = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now;
    if (name.startsWith('local-') && now - used > unusedMs) rmSync(path, { recursive: true, force: true });
  }
};

/** Marks bundles as used, so they are kept. Bundles that belong to another user cannot be marked. */
export const markUsed = (dir: string): void => {
  try {
    utimesSync(dir, new Date(), new Date());
  } catch {}
};

/** Builds the bundles beside `dir` and renames them into place, unless another process was first. */
const build = async (root: string, home: string, dir: string): Promise<void> => {
  const { bundleLocal } = await import('../../package/build.ts');
  const aside = `${dir}.${randomUUID()}`;
  try {
    await bundleLocal(root, aside);
    renameSync(aside, dir);
  } catch (thrown) {
    rmSync(aside, { recursive: true, force: true });
    if (!existsSync(dir)) throw thrown;
  }
  removeUnused(home, Date.now());
};

/** Makes the directory of all bundles. Throws StoreUnavailable where the checkout cannot be written. */
const makeHome = (home: string): void => {
  try {
    mkdirSync(home, { recursive: true });
    accessSync(home, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const sentence = `${home} cannot hold the bundled code: use a checkout that this user may write to`;
    throw new Failure('StoreUnavailable', sentence, { cause });
  }
};

/**
 * The directory of the bundled command line, local service and functions, which start in a third of the time. Each state of the
 * code is bundled once; unused bundles are removed after a day. Throws esbuild's BuildFailure, StoreUnavailable.
 */
export const bundleCache = async (root: string = projectRoot): Promise<string> => {
  const home = join(root, '.build');
  const dir = join(home, `local-${sourceStamp(root)}`);
  if (!existsSync(dir)) {
    makeHome(home);
    await build(root, home, dir);
  }
  markUsed(dir);
  return dir;
};
