import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CreateTableCommand, type CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import dynalite from 'dynalite';
import { onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { dynamoStores, type Stores } from '../../lib/io/stores.ts';
import { clientOptions } from '../local/place.ts';
import { unexpected } from './unexpected.ts';

const { Properties } = parse(readFileSync('infra/table.yml', 'utf8'));
const { AttributeDefinitions, KeySchema, BillingMode } = Properties;
const GlobalSecondaryIndexes = Properties.GlobalSecondaryIndexes;

/** All stores on a new table of a DynamoDB engine in memory, over HTTP; gone when the test is over. */
export const freshStores = async (
  now: () => Date,
): Promise<Stores & { plant(item: Record<string, unknown>): Promise<void> }> => {
  const server = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const client = new DynamoDBClient(clientOptions(`http://127.0.0.1:${port}`));
  onTestFinished(async () => {
    client.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const table = `nightshift-${randomUUID()}`;
  const shape = { TableName: table, AttributeDefinitions, KeySchema, BillingMode, GlobalSecondaryIndexes };
  await client.send(new CreateTableCommand(shape as CreateTableCommandInput));
  const documents = DynamoDBDocumentClient.from(client);
  return {
    ...dynamoStores(client, table, { now, token: randomUUID, damaged: unexpected }),
    /** Puts an item past the stores, under no condition. */
    plant: async (item) => void (await documents.send(new PutCommand({ TableName: table, Item: item }))),
  };
};
