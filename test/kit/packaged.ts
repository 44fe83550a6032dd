import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import { bundleCache } from '../../infra/local/daemon/bundle-cache.ts';
import { bundle, bundleDir, type FunctionName, functionNames } from '../../infra/package/build.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where each function's bundle is. */
    functions: Record<FunctionName, string>;
  }
}

const project = resolve(import.meta.dirname, '../..');

/** A directory in which the build finds these parts of the project and leaves its results, so that a package being made is not touched. */
export const buildRoot = async (dir: string, parts: string[]): Promise<string> => {
  const root = await mkdtemp(join(dir, 'nightshift-built-'));
  for (const part of parts) await symlink(join(project, part), join(root, part));
  return root;
};

/** The sources of the functions. */
export const sources = ['functions', 'lib', 'node_modules'];

/** Bundles every function of the project at `root` as it is deployed and gives each entry's path. */
export const packaged = async (root: string): Promise<Record<FunctionName, string>> => {
  await Promise.all(functionNames.map((name) => bundle(root, name)));
  const entries = functionNames.map((name) => [name, join(bundleDir(root, name), 'index.mjs')]);
  return Object.fromEntries(entries) as Record<FunctionName, string>;
};

/** Before all tests: the flows run what is deployed, and commands and daemons start as they do for a person, but for the first time. */
export default async ({ provide }: TestProject): Promise<() => Promise<void>> => {
  const root = await buildRoot(tmpdir(), sources);
  const [functions] = await Promise.all([packaged(root), bundleCache()]);
  provide('functions', functions);
  return () => rm(root, { recursive: true, force: true });
};
