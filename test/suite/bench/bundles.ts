import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundle, bundleDir, type FunctionName } from '../../../infra/package/build.ts';
import { buildRoot, packaged, sources } from '../../kit/packaged.ts';

/** The entry file of each function's bundle, and of `bare`, a bundle of the DynamoDB client alone. */
export type Bundles = Record<FunctionName | 'bare', string>;

const bare = `
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
export const documents = DynamoDBDocumentClient.from(new DynamoDBClient({}));
export { GetCommand, PutCommand, QueryCommand };
`;

/** Builds every bundle as it is deployed. The same build makes the bare one, under the name of a function. */
export const buildBundles = async (dir: string): Promise<Bundles> => {
  const root = await buildRoot(dir, ['node_modules']);
  await mkdir(join(root, 'functions'));
  await writeFile(join(root, 'functions/settle.ts'), bare);
  await bundle(root, 'settle');
  return { ...(await packaged(await buildRoot(dir, sources))), bare: join(bundleDir(root, 'settle'), 'index.mjs') };
};
