import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import dynalite from 'dynalite';
import { parse } from 'yaml';
import { type Damages, dynamoDamages } from '../../lib/io/store/damages.ts';
import { dynamoStores, type Stores } from '../../lib/io/store/stores.ts';
import { unexpected } from './unexpected.ts';

const { Properties } = parse(readFileSync('infra/table.yml', 'utf8'));
const { AttributeDefinitions, KeySchema, BillingMode } = Properties;
const GlobalSecondaryIndexes = Properties.GlobalSecondaryIndexes;

/** Creates a table on dynalite, which answers while it still makes it, and is to be asked nothing of it until then. */
export const createTable = async (client: DynamoDBClient, TableName: string): Promise<void> => {
  const shape = { TableName, AttributeDefinitions, KeySchema, BillingMode, GlobalSecondaryIndexes };
  await client.send(new CreateTableCommand(shape as CreateTableCommandInput));
  await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 0.01, maxDelay: 0.01 }, { TableName });
};

type Item = Record<string, unknown>;
export type Tables = Stores & {
  plant(item: Item): Promise<void>;
  item(key: { pk: string; sk: string }): Promise<Item | undefined>;
  damages: Damages;
};

/** All stores on a new table of a DynamoDB engine in memory, over HTTP. */
export const openTables = async (now: () => Date): Promise<{ stores: Tables; close(): Promise<void> }> => {
  const server = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const table = `nightshift-${randomUUID()}`;
  await createTable(client, table);
  const documents = DynamoDBDocumentClient.from(client);
  return {
    stores: {
      ...dynamoStores(client, table, { now, token: randomUUID, damaged: unexpected }),
      damages: dynamoDamages(client, table, { now, token: randomUUID, damaged: unexpected }),
      item: async (Key) => (await documents.send(new GetCommand({ TableName: table, Key }))).Item,
      /** Puts an item past the stores, under no condition. */
      plant: async (item) => void (await documents.send(new PutCommand({ TableName: table, Item: item }))),
    },
    close: async () => {
      client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
