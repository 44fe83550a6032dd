import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { Failure, type FailureName } from '../../failure.ts';
import { parse } from '../../parse.ts';
import { byteLength } from '../../text.ts';
import { isRefusedCredential } from '../aws/credential.ts';

/** A place in the table. */
export type Key = { pk: string; sk: string };

/**
 * An item: its key, what DynamoDB itself must see, and the rest as JSON in `data`. A step so costs write units for its own
 * bytes, and nothing depends on how an SDK maps types. `token` tells one writer's put from another's.
 */
const Item = z.object({
  pk: z.string(),
  sk: z.string(),
  version: z.number().optional(),
  expiresAt: z.number(),
  data: z.string(),
});

/** An item as it was found: whoever reads it judges it, so that a damaged one among many is only one. */
export type Found = Record<string, unknown>;

/** What is written: version 1 is created, any later one replaces the version before it. What has no version is created and stays. */
export type Draft = { key: Key; version?: number; data: unknown; day?: string; keptDays?: number };

/** What a put is stamped with, read anew for each; and who is told of an item that a list leaves out because it cannot be read. */
export type TableDeps = { now(): Date; token(): string; damaged(failure: Failure): void };

/** DynamoDB's bound on an item, attribute names included, in bytes. */
const maxItemBytes = 400 * 1024;
/**
 * How long an item is kept, in days: DynamoDB's TTL removes it after that, and no read returns it. A run is kept for less than
 * what belongs to it, so that a run that can be read has all its sessions whole.
 */
const keptDays = 404;
export const keptRunDays = 400;

/** The named conditions. There is no other way to write. */
const conditions = {
  /** Nothing is there, or only what TTL has not removed yet. */
  absent: 'attribute_not_exists(pk) OR expiresAt <= :now',
  /** What is there is what was seen. */
  seen: 'version = :seen',
};

/**
 * The one table, in three words. `put` writes under a condition or throws `conflict`: a lost race is never silent. A put
 * whose answer was lost and that the SDK sent again is recognised by its token, so that no one loses a race to himself.
 * Throws ItemTooLarge (before the network), TableMissing, StoreUnavailable (throttled or unreachable after the SDK's own
 * retries), DamagedItem.
 */
export const table = (client: DynamoDBClient, name: string, { now, token, damaged }: TableDeps) => {
  // A number too long for JavaScript is an item's damage, to be told by its schema, and not the table's.
  const documents = DynamoDBDocumentClient.from(client, { unmarshallOptions: { wrapNumbers: Number } });
  const seconds = () => Math.floor(now().getTime() / 1000);

  const isOver = ({ expiresAt }: Found): boolean => typeof expiresAt === 'number' && expiresAt <= seconds();

  const get = async (key: Key): Promise<Found | undefined> => {
    const { Item: found } = await translated(name, () =>
      documents.send(new GetCommand({ TableName: name, Key: key, ConsistentRead: true })),
    );
    return found && !isOver(found) ? found : undefined;
  };

  const put = async (draft: Draft, conflict: FailureName): Promise<void> => {
    const item = itemOf(draft, seconds(), token());
    const { version = 1 } = draft;
    const condition =
      version === 1
        ? { ConditionExpression: conditions.absent, ExpressionAttributeValues: { ':now': seconds() } }
        : { ConditionExpression: conditions.seen, ExpressionAttributeValues: { ':seen': version - 1 } };
    try {
      await translated(name, () => documents.send(new PutCommand({ TableName: name, Item: item, ...condition })));
    } catch (thrown) {
      if (!isNamed(thrown, 'ConditionalCheckFailedException')) throw thrown;
      if ((await get(draft.key))?.token === item.token) return;
      throw new Failure(conflict, `${item.pk} ${item.sk}: version ${version} is no longer next`, {
        cause: thrown,
      });
    }
  };

  /** Every item the query finds, page by page, until there is no more or the limit is reached. */
  const query = async (
    input: Omit<QueryCommandInput, 'TableName'>,
    limit = Number.POSITIVE_INFINITY,
  ): Promise<Found[]> => {
    const items: Found[] = [];
    let start: QueryCommandInput['ExclusiveStartKey'];
    do {
      const page = await translated(name, () =>
        documents.send(new QueryCommand({ TableName: name, ...input, ExclusiveStartKey: start })),
      );
      items.push(...(page.Items ?? []).filter((item) => !isOver(item)));
      start = page.LastEvaluatedKey;
    } while (start && items.length < limit);
    return items.slice(0, limit);
  };

  return { get, put, query, damaged };
};
export type Table = ReturnType<typeof table>;

/** The domain value of an item, or DamagedItem saying which item and what is wrong with it: also where it is the value of another key. */
export const itemValue = <T>(schema: z.ZodType<T>, found: Found, keyOf: (value: T) => Key): T => {
  const where = `item ${found.pk} ${found.sk}`;
  const item = parse(Item, found, 'DamagedItem', where);
  let data: unknown;
  try {
    data = JSON.parse(item.data);
  } catch (cause) {
    throw new Failure('DamagedItem', `${where}: data is not JSON`, { cause });
  }
  const value = parse(schema, data, 'DamagedItem', where);
  const { pk, sk } = keyOf(value);
  if (pk === item.pk && sk === item.sk) return value;
  throw new Failure('DamagedItem', `${where}: found the data of item ${pk} ${sk}`);
};

const renamedKey = (value: unknown, from: string, to: string): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key === from ? to : key, one]))
    : value;

/** A value with one field that items keep under another name: items outlive releases, so stored names never change. */
export const storedAs = <T>(schema: z.ZodType<T>, field: keyof T & string, storedField: string) => ({
  schema: z.preprocess((value) => renamedKey(value, storedField, field), schema),
  data: (value: T): unknown => renamedKey(value, field, storedField),
});

/** The item as it is written. Throws ItemTooLarge. */
const itemOf = ({ key, day, version, data, keptDays: days = keptDays }: Draft, now: number, token: string) => {
  const item = {
    ...key,
    ...(day === undefined ? {} : { day }),
    ...(version === undefined ? {} : { version }),
    expiresAt: now + days * 86_400,
    token,
    data: JSON.stringify(data),
  };
  const size = itemBytes(item);
  if (size <= maxItemBytes) return item;
  throw new Failure('ItemTooLarge', `item ${key.pk} ${key.sk} takes ${size} bytes of ${maxItemBytes} DynamoDB allows`);
};

/** An item's size by DynamoDB's rule: names and values in UTF-8, a number about half its digits and a byte or two. */
const itemBytes = (item: Record<string, string | number>): number =>
  Object.entries(item).reduce(
    (sum, [name, value]) => sum + byteLength(name) + (typeof value === 'string' ? byteLength(value) : 12),
    0,
  );

const isNamed = (thrown: unknown, ...names: string[]): thrown is Error =>
  thrown instanceof Error && names.includes(thrown.name);

/** What DynamoDB and its SDK throw, in our names. A failed condition is left to the caller. */
const translated = async <T>(name: string, call: () => Promise<T>): Promise<T> => {
  try {
    return await call();
  } catch (cause) {
    if (isNamed(cause, 'ConditionalCheckFailedException')) throw cause;
    if (isNamed(cause, 'ResourceNotFoundException')) {
      throw new Failure(
        'TableMissing',
        `there is no table ${name}: deploy the stack (npx osls deploy), or start the local service (npm start)`,
        { cause },
      );
    }
    if (isRefusedCredential(cause)) throw new Failure('Unauthorized', `table ${name}: ${cause.name}`, { cause });
    if (isNamed(cause, 'ValidationException', 'SerializationException')) throw cause;
    throw new Failure('StoreUnavailable', `table ${name}: ${cause instanceof Error ? cause.name : 'unknown error'}`, {
      cause,
    });
  }
};
