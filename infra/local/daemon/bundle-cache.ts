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
import { project } from '../project.ts';

/** Everything the command line and the local service are made of. */
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

/** Bundles that nobody said to use for so long are nobody's. */
const unusedMs = 86_400_000;

const files = (path: string): string[] =>
  statSync(path).isDirectory()
    ? readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => join(path, name))
    : [path];

/** Tells one state of the code from another, by each file's size and time. */
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

/** Says that bundles are in use, so that they are kept. Those of somebody else are theirs to keep. */
export const inUse = (dir: string): void => {
  try {
    utimesSync(dir, new Date(), new Date());
  } catch {}
};

/** Makes the bundles aside and puts them there in one step, unless somebody else was first. */
const make = async (root: string, home: string, dir: string): Promise<void> => {
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
 * The directory of the bundles made of a project's code as it stands: the command line, the local service and the functions,
 * which start so in a third of the time. They are made once for each state of the code; old ones go when nobody uses
 * them. Throws esbuild's BuildFailure.
 */
export const bundleCache = async (root: string = project): Promise<string> => {
  const home = join(root, '.build');
  const dir = join(home, `local-${sourceStamp(root)}`);
  if (!existsSync(dir)) {
    makeHome(home);
    await make(root, home, dir);
  }
  inUse(dir);
  return dir;
};
