import { randomUUID } from 'node:crypto';
import {
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { dynamoStores, type Stores } from '../../../lib/io/store/stores.ts';
import { sessionKey } from '../../../lib/run/session.ts';
import { freshJob, freshRun, runOf, stepOf, today } from '../stored.ts';
import { unexpected } from '../unexpected.ts';
import type { Bench } from './store-bench.ts';

export type EngineName = 'dynalite' | 'DynamoDB Local' | 'MiniStack';

/** The behaviour of AWS, and the known differences of an engine. */
type Rule = {
  rule: string;
  aws: unknown;
  differs?: Partial<Record<EngineName, unknown>>;
  observe(bench: Bench): Promise<unknown>;
};

const nameOf = ({ name }: Error): string => name;
const maxBytes = 400 * 1024;

/** Whether an item of these bytes over 400 KB is taken, filled with this character and, where it does not fit, with some `x`. */
const weighed = async ({ plant }: Bench, character: string, over: number): Promise<string> => {
  const rest = { pk: 'weighed', sk: character, data: '' };
  const bytes = maxBytes + over - Buffer.byteLength(Object.entries(rest).flat().join(''));
  const unit = Buffer.byteLength(character);
  const data = character.repeat(Math.floor(bytes / unit)) + 'x'.repeat(bytes % unit);
  return plant({ ...rest, data }).then(() => 'taken', nameOf);
};

const byBytes = (character: string, differs: Rule['differs'] = {}): Rule => ({
  rule: `an item has 400 KB at most, counted in bytes of UTF-8: ${character}`,
  aws: ['taken', 'ValidationException'],
  differs,
  observe: async (bench) => [await weighed(bench, character, 0), await weighed(bench, character, 1)],
});
const characters = { dynalite: ['taken', 'taken'] };

type Told = { action: string; units: unknown; found: unknown };

/** The stores on the engine itself, and a record of each call: the units it took, the items it found. */
const measured = ({ engine: { client, tableName } }: Bench): { stores: Stores; told: Told[] } => {
  const told: Told[] = [];
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const input = { ...args.input, ReturnConsumedCapacity: 'INDEXES' } as typeof args.input;
        const result = await next({ ...args, input });
        const { ConsumedCapacity, Count } = Object(result.output);
        told.push({ action: String(commandName), units: ConsumedCapacity?.CapacityUnits, found: Count });
        return result;
      },
    { step: 'serialize', priority: 'high', name: 'measured', override: true },
  );
  const stamp = { now: () => today, token: randomUUID, damaged: unexpected };
  return { stores: dynamoStores(client, tableName, stamp), told };
};

/** A step with `smallStep` is stored in 1.9 KB. A step with `largeStep` is near DynamoDB's limit of 400 KB. */
const smallStep = 'x'.repeat(1_400);
const largeStep = '漢'.repeat(130_000);

/** The rules of DynamoDB that the stores need, and the table's own settings. `differs` lists how the engines differ. */
const rules: Rule[] = [
  byBytes('x'),
  byBytes('é', characters),
  byBytes('漢', characters),
  byBytes('😀', characters),
  {
    rule: 'a step of 1.9 KB costs two write units, however long its session is',
    aws: Array(30).fill(2),
    observe: async (bench) => {
      const { stores, told } = measured(bench);
      const key = sessionKey(freshRun(), 1);
      for (let number = 1; number <= 30; number++) await stores.sessions.append(key, stepOf(number, smallStep));
      return told.map(({ units }) => units);
    },
  },
  {
    rule: 'a run costs its bytes twice, once in the table and once in the index of days',
    aws: [2, 2],
    differs: { dynalite: [1, 1] },
    observe: async (bench) => {
      const { stores, told } = measured(bench);
      const run = runOf(freshJob());
      await stores.runs.put(run);
      await stores.runs.put({ ...run, version: 2 });
      return told.map(({ units }) => units);
    },
  },
  {
    rule: 'a page of a query ends with the item that passes 1 MB, counted in bytes',
    aws: [3, 3, 1],
    differs: { dynalite: [7], MiniStack: [2, 2, 2, 1] },
    observe: async (bench) => {
      const { stores, told } = measured(bench);
      const key = sessionKey(freshRun(), 1);
      const steps = [1, 2, 3, 4, 5, 6, 7].map((number) => stepOf(number, largeStep));
      for (const step of steps) await stores.sessions.append(key, step);
      expect(await stores.sessions.load(key)).toEqual(steps);
      return told.flatMap(({ action, found }) => (action === 'QueryCommand' ? [found] : []));
    },
  },
  {
    rule: 'expired items are removed, by the attribute expiresAt',
    aws: { TimeToLiveStatus: 'ENABLED', AttributeName: 'expiresAt' },
    differs: { dynalite: { TimeToLiveStatus: 'DISABLED' } },
    observe: async ({ engine: { client, tableName } }) =>
      (await client.send(new DescribeTimeToLiveCommand({ TableName: tableName }))).TimeToLiveDescription,
  },
  {
    rule: 'the table can be restored to any second of the last weeks',
    aws: 'ENABLED',
    differs: { dynalite: 'UnknownOperationException', 'DynamoDB Local': 'UnknownOperationException' },
    observe: ({ engine: { client, tableName } }) =>
      client
        .send(new DescribeContinuousBackupsCommand({ TableName: tableName }))
        .then(
          ({ ContinuousBackupsDescription: found }) => found?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus,
          nameOf,
        ),
  },
  {
    rule: 'the table is encrypted with a KMS key',
    aws: 'ENABLED',
    differs: { dynalite: undefined, 'DynamoDB Local': undefined, MiniStack: 'DISABLED' },
    observe: async ({ engine: { client, tableName } }) =>
      (await client.send(new DescribeTableCommand({ TableName: tableName }))).Table?.SSEDescription?.Status,
  },
  {
    rule: 'the table is protected against deletion',
    aws: 'ValidationException',
    differs: { dynalite: 'not protected' },
    observe: async ({ engine: { client, tableName: TableName } }) => {
      const { Table } = await client.send(new DescribeTableCommand({ TableName }));
      if (!Table?.DeletionProtectionEnabled) return 'not protected';
      return client.send(new DeleteTableCommand({ TableName })).then(() => 'deleted', nameOf);
    },
  },
];

/** What the engine under the stores must do as AWS does, but for where it is known not to: there, exactly what it does instead. */
export const rulesContract = (name: EngineName, bench: () => Bench) => {
  for (const { rule, aws, differs = {}, observe } of rules) {
    const known = Object.hasOwn(differs, name);
    test(known ? `${rule} (not on ${name})` : rule, async () => {
      const observed = await observe(bench());
      expect(observed).toEqual(known ? differs[name] : aws);
      if (known) expect(observed).not.toEqual(aws);
    });
  }
};
