import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundle, bundleDir, type FunctionName } from '../../../infra/package/build.ts';
import { buildRoot, packaged, sources } from '../../kit/packaged.ts';

/** A bundle's entry by its name: each function's, and `bare`, the least any of them needs to reach its table. */
export type Bundles = Record<FunctionName | 'bare', string>;

const bare = `
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
export const documents = DynamoDBDocumentClient.from(new DynamoDBClient({}));
export { GetCommand, PutCommand, QueryCommand };
`;

/** Builds all of them as they are deployed. The bare one is made by the same build, so it takes the name of a function. */
export const buildBundles = async (dir: string): Promise<Bundles> => {
  const root = await buildRoot(dir, ['node_modules']);
  await mkdir(join(root, 'functions'));
  await writeFile(join(root, 'functions/settle.ts'), bare);
  await bundle(root, 'settle');
  return { ...(await packaged(await buildRoot(dir, sources))), bare: join(bundleDir(root, 'settle'), 'index.mjs') };
};
