import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { tableName } from '../../../infra/local/arn.ts';
import { nightshiftService } from '../../../infra/local/daemon/nightshift-service.ts';
import type { LocalService } from '../../../infra/local/daemon/service.ts';
import type { LocalFunction } from '../../../infra/local/lambda/sandbox.ts';
import { dynamoStores } from '../../../lib/io/store/stores.ts';
import { clientOptions } from '../../kit/local-service.ts';
import { unexpected } from '../../kit/unexpected.ts';
import { metered } from './call-meter.ts';

/** The engine that answers as DynamoDB. */
export const engine = 'dynalite 4.0.0, the embedded engine';

const definition = JSON.stringify({ StartAt: 'Done', States: { Done: { Type: 'Succeed' } } });

/** Runs work on a local service with an empty table and a metered client, and closes both afterwards. */
export const onLocalService = async <T>(
  dir: string,
  { functions = {}, env = {} }: { functions?: Record<string, LocalFunction>; env?: Record<string, string> },
  work: (on: ReturnType<typeof opened>) => Promise<T>,
): Promise<T> => {
  const home = await mkdtemp(join(dir, 'service-'));
  const service = await nightshiftService(home, { functions, env, definition });
  const on = opened(service);
  try {
    return await work(on);
  } finally {
    on.client.destroy();
    await service.close();
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
};

const opened = (service: LocalService) => {
  const client = new DynamoDBClient({ ...clientOptions(service.socket), maxAttempts: 1 });
  const calls = metered(client);
  const stamp = { now: () => new Date(), token: () => randomBytes(9).toString('base64url'), damaged: unexpected };
  return { service, client, tableName, calls, stores: dynamoStores(client, tableName, stamp) };
};
