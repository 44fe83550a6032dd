import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { expect } from 'vitest';
import { Failure, type FailureName } from '../../../lib/failure.ts';
import { dynamoStores, type Stores } from '../../../lib/io/store/stores.ts';
import { Job } from '../../../lib/job/job.ts';
import { freshState, type JobState } from '../../../lib/policy/job-state.ts';
import type { Attempt } from '../../../lib/run/attempt.ts';
import type { Effect } from '../../../lib/run/effect.ts';
import { type Run, runId } from '../../../lib/run/run.ts';
import type { Step } from '../../../lib/run/step.ts';
import { noUsage } from '../../../lib/usage.ts';
import type { Checkpoint } from '../../../lib/watch/checkpoint.ts';
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
  /** What the stores left out of lists. */
  damaged: Failure[];
  /** An item as the engine has it, past the stores. */
  item(key: Key): Promise<Record<string, unknown> | undefined>;
  /** Puts an item past the stores, under no condition. */
  plant(item: Record<string, unknown>): Promise<void>;
  close(): Promise<void>;
};

export const today = new Date('2026-11-22T07:00:00Z');

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

let made = 0;
/** A job's name that no other test has. */
export const freshJob = (): string => `job-${String(++made).padStart(3, '0')}`;
/** A run's id that no other test has. */
export const freshRun = (): string => runId({ job: freshJob(), slot: '2026-11-22T07:00:00Z' });

const job = Job.parse({ name: 'any', schedule: { rate: '1 hour' }, model: 'scripted/any', prompt: 'Go.' });

export const runOf = (
  name: string,
  { slot = '2026-11-22T07:00:00Z', suffix, version = 1 }: { slot?: string; suffix?: string; version?: number } = {},
): Run => ({
  id: runId({ job: name, slot, suffix }),
  slot,
  ...(suffix ? { suffix } : {}),
  job: { ...job, name },
  startedAt: slot,
  outcome: null,
  version,
});

export const attemptOf = (id: string, number: number, version = 1): Attempt => ({
  runId: id,
  number,
  startedAt: today.toJSON(),
  failed: null,
  version,
});

export const effectOf = (id: string, key: string, version = 1, more: Partial<Effect> = {}): Effect => ({
  runId: id,
  key,
  tool: 'http_post',
  attempt: 1,
  status: 'pending',
  output: null,
  version,
  ...more,
});

export const stateOf = (name: string, version = 1, more: Partial<JobState> = {}): JobState => ({
  ...freshState(name),
  ...more,
  version,
});

export const lookOf = (name: string, version = 1): Checkpoint => ({
  job: name,
  accountedUpTo: '2026-11-22T07:00:00Z',
  lookedAt: '2026-11-22T07:03:00.000Z',
  schedule: { rate: '1 hour', timezone: 'UTC' },
  anchor: { at: '2026-11-22T07:00:00Z', confirmed: false },
  driftSince: null,
  version,
});

/** A step that calls a tool and holds this text as its answer. */
export const stepOf = (number: number, text = 'ok'): Step => {
  const call = { toolCallId: `call_${number}`, toolName: 'http_get' };
  return {
    number,
    messages: [
      { role: 'assistant', content: [{ type: 'tool-call', ...call, input: { number } }] },
      { role: 'tool', content: [{ type: 'tool-result', ...call, output: { type: 'text', value: text } }] },
    ],
    calls: ['ok'],
    usage: noUsage,
    startedAt: today.toJSON(),
    modelMs: 1,
    toolMs: 1,
  };
};

/** The failure that the work ends with. Anything else thrown, or nothing, is the test's own failure. */
export const failureOf = async (work: Promise<unknown>): Promise<Failure> => {
  const thrown = await work.then(
    () => 'nothing',
    (error: unknown) => error,
  );
  if (thrown instanceof Failure) return thrown;
  throw new Error('expected a Failure', { cause: thrown });
};

/** How each of many ended: the name of its failure, or `won`. */
export const ends = (all: Promise<unknown>[]): Promise<(FailureName | 'won')[]> =>
  Promise.all(
    all.map((one) =>
      one.then(
        () => 'won' as const,
        async () => (await failureOf(one)).name,
      ),
    ),
  );

/** Exactly one of many won, and all the others lost by this name. */
export const expectOneWinner = (ended: string[], loss: FailureName): number => {
  expect(ended.filter((end) => end === 'won')).toHaveLength(1);
  expect(ended.filter((end) => end === loss)).toHaveLength(ended.length - 1);
  return ended.indexOf('won');
};
