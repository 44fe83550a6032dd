import { readFileSync } from 'node:fs';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  UpdateContinuousBackupsCommand,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { parse } from 'yaml';
import type { Engine } from '../../kit/contract/store-bench.ts';
import { clientOptions } from '../../kit/local-service.ts';
import type { Running } from './engine-process.ts';

const { Properties } = parse(readFileSync('infra/table.yml', 'utf8'));
const { PointInTimeRecoverySpecification, TimeToLiveSpecification, ...shape } = Properties;

/** An engine that does not know an action says so by this name. The contract's rules tell which do not. */
const ifKnown = (thrown: Error): void => {
  if (thrown.name !== 'UnknownOperationException') throw thrown;
};

/** Creates the table of infra/table.yml, every property of it, in the calls that CloudFormation makes of it. */
export const createTable = async (client: DynamoDBClient, TableName: string): Promise<void> => {
  await client.send(new CreateTableCommand({ ...shape, TableName } as CreateTableCommandInput));
  await waitUntilTableExists({ client, maxWaitTime: 30 }, { TableName });
  await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification })).catch(ifKnown);
  await client.send(new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification })).catch(ifKnown);
};

/** A running engine with that table on it, and nothing in it. */
export const tableOn = async ({ url, close }: Running): Promise<Engine> => {
  const client = new DynamoDBClient(clientOptions(url));
  const tableName = 'nightshift-contract';
  const engine: Engine = {
    client,
    tableName,
    close: async () => {
      client.destroy();
      await close();
    },
  };
  await createTable(client, tableName).catch(async (thrown) => {
    await engine.close();
    throw thrown;
  });
  return engine;
};
