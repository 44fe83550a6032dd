import { mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { bundle, bundleDir, functionNames } from '../../infra/build.ts';

/** A bundle's entry by its name: each function's, and `bare`, the least any of them needs to reach its table. */
export type Bundles = Record<(typeof functionNames)[number] | 'bare', string>;

const bare = `
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
export const documents = DynamoDBDocumentClient.from(new DynamoDBClient({}));
export { GetCommand, PutCommand, QueryCommand };
`;

const project = resolve(import.meta.dirname, '../..');

/** Builds all of them as they are deployed, in a directory of the bench's own, so that a package being made is not touched. */
export const buildBundles = async (dir: string): Promise<Bundles> => {
  const root = await mkdtemp(join(dir, 'built-'));
  const bareRoot = await mkdtemp(join(dir, 'bare-'));
  for (const [home, names] of [
    [root, ['functions', 'lib', 'node_modules']],
    [bareRoot, ['node_modules']],
  ] as const) {
    for (const name of names) await symlink(join(project, name), join(home, name));
  }
  await mkdir(join(bareRoot, 'functions'));
  // The same build makes it, so it takes the name of a function.
  await writeFile(join(bareRoot, 'functions/settle.ts'), bare);
  await bundle(bareRoot, 'settle');
  for (const name of functionNames) await bundle(root, name);
  const entries = functionNames.map((name) => [name, join(bundleDir(root, name), 'index.mjs')]);
  return { ...Object.fromEntries(entries), bare: join(bundleDir(bareRoot, 'settle'), 'index.mjs') };
};
