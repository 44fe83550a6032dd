import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Failure } from '../../../lib/failure.ts';
import { dynamoStores, type Stores } from '../../../lib/io/store/stores.ts';
import { today } from '../stored.ts';
import { type Tap, tapped } from './tap.ts';

/** An engine that speaks DynamoDB, with the table of infra/table.yml on it, empty. */
export type Engine = { client: DynamoDBClient; tableName: string; close(): Promise<void> };

export type Key = { pk: string; sk: string };

/** The stores on an engine, and ways to look behind them. */
export type Bench = {
  stores: Stores;
  /** The same stores at another time, or on another table. */
  storesWith(change: { now?: Date; tableName?: string }): Stores;
  tap: Tap;
  /** The engine itself, past the tap. */
  engine: Engine;
  /** Failures of the damaged items that the lists omitted. */
  damaged: Failure[];
  /** An item as the engine has it, past the stores. */
  item(key: Key): Promise<Record<string, unknown> | undefined>;
  /** Puts an item past the stores, under no condition. */
  plant(item: Record<string, unknown>): Promise<void>;
  close(): Promise<void>;
};

export const openBench = async (engine: Engine): Promise<Bench> => {
  const { client, tableName, close } = engine;
  const tap = await tapped(client);
  const documents = DynamoDBDocumentClient.from(client);
  const damaged: Failure[] = [];
  const storesWith: Bench['storesWith'] = ({ now = today, tableName: name = tableName }) =>
    dynamoStores(tap.client, name, { now: () => now, token: randomUUID, damaged: (failure) => damaged.push(failure) });
  return {
    stores: storesWith({}),
    storesWith,
    tap,
    engine,
    damaged,
    item: async (key) => (await documents.send(new GetCommand({ TableName: tableName, Key: key }))).Item,
    plant: async (item) => {
      await documents.send(new PutCommand({ TableName: tableName, Item: item }));
    },
    close: async () => {
      await tap.close();
      await close();
    },
  };
};
