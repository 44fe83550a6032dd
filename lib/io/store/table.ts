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

export type Key = { pk: string; sk: string };

/**
 * An item: attributes that DynamoDB needs, and the domain value as JSON in `data`, independent of the SDK's type mapping.
 * `token` identifies the put that wrote the item.
 */
const Item = z.object({
  pk: z.string(),
  sk: z.string(),
  version: z.number().optional(),
  expiresAt: z.number(),
  data: z.string(),
});

/** A raw item. Callers validate items one by one, so one damaged item does not fail a list. */
export type RawItem = Record<string, unknown>;

/** An item to write: version 1, or none, creates it; a later version replaces the one before. `keptDays` sets its expiry. */
export type Draft = { key: Key; version?: number; data: unknown; day?: string; keptDays?: number };

/** `token` must return a new value for each put. `damaged` is called for each item that a list leaves out as unreadable. */
export type TableDeps = { now(): Date; token(): string; damaged(failure: Failure): void };

/** DynamoDB's maximum item size in bytes, including attribute names. */
const maxItemBytes = 400 * 1024;
/**
 * Days until an item expires: reads ignore it, and DynamoDB's TTL removes it later.
 * A run expires before its attempts and sessions, so a readable run has them all.
 */
const keptDays = 404;
export const keptRunDays = 400;

/** The conditions of writes. Every put has one of them; `replace` has one of its own. */
const conditions = {
  /** There is no item, or an expired one. */
  absent: 'attribute_not_exists(pk) OR expiresAt <= :now',
  /** The stored version is the version that the caller read. */
  seen: 'version = :seen',
};

/**
 * Reads and writes items of one DynamoDB table. `put` writes under a condition and throws `conflict` if the condition fails.
 * If the SDK repeats a put after a lost response, the token shows that the first try succeeded; that is no conflict.
 * Throws ItemTooLarge (before the network), TableMissing, Unauthorized, StoreUnavailable (after the SDK's retries), DamagedItem.
 */
export const table = (client: DynamoDBClient, name: string, { now, token, damaged }: TableDeps) => {
  // Without `wrapNumbers`, a number too large for JavaScript would fail the whole read instead of one item's validation.
  const documents = DynamoDBDocumentClient.from(client, { unmarshallOptions: { wrapNumbers: Number } });
  const seconds = () => Math.floor(now().getTime() / 1000);

  const isExpired = ({ expiresAt }: RawItem): boolean => typeof expiresAt === 'number' && expiresAt <= seconds();

  const get = async (key: Key): Promise<RawItem | undefined> => {
    const { Item: item } = await translated(name, () =>
      documents.send(new GetCommand({ TableName: name, Key: key, ConsistentRead: true })),
    );
    return item && !isExpired(item) ? item : undefined;
  };

  /** Puts an item under a condition. A put of its own that was repeated is no conflict. */
  const putUnder = async (
    condition: object,
    item: ReturnType<typeof itemOf>,
    draft: Draft,
    conflict: FailureName,
  ): Promise<void> => {
    try {
      await translated(name, () => documents.send(new PutCommand({ TableName: name, Item: item, ...condition })));
    } catch (thrown) {
      if (!isNamed(thrown, 'ConditionalCheckFailedException')) throw thrown;
      if ((await get(draft.key))?.token === item.token) return;
      const version = draft.version ?? 1;
      throw new Failure(conflict, `${item.pk} ${item.sk}: another writer has stored version ${version}`, {
        cause: thrown,
      });
    }
  };

  const put = async (draft: Draft, conflict: FailureName): Promise<void> => {
    const item = itemOf(draft, seconds(), token());
    const { version = 1 } = draft;
    const condition =
      version === 1
        ? { ConditionExpression: conditions.absent, ExpressionAttributeValues: { ':now': seconds() } }
        : { ConditionExpression: conditions.seen, ExpressionAttributeValues: { ':seen': version - 1 } };
    await putUnder(condition, item, draft, conflict);
  };

  /** Replaces an item whose version cannot be relied on, under the condition that it still is what was read. Throws `conflict`. */
  const replace = (seen: RawItem, draft: Draft, conflict: FailureName): Promise<void> =>
    putUnder(unchanged(seen), itemOf(draft, seconds(), token()), draft, conflict);

  /** The items of a query, page by page: a caller that keeps little of each page needs little memory. `Limit` bounds a page. */
  async function* pages(input: Omit<QueryCommandInput, 'TableName'>): AsyncGenerator<RawItem[]> {
    let start: QueryCommandInput['ExclusiveStartKey'];
    do {
      const page = await translated(name, () =>
        documents.send(new QueryCommand({ TableName: name, ...input, ExclusiveStartKey: start })),
      );
      yield (page.Items ?? []).filter((item) => !isExpired(item));
      start = page.LastEvaluatedKey;
    } while (start);
  }

  /** All items of a query, over all pages, at most `limit`. */
  const query = async (
    input: Omit<QueryCommandInput, 'TableName'>,
    limit = Number.POSITIVE_INFINITY,
  ): Promise<RawItem[]> => {
    const items: RawItem[] = [];
    for await (const page of pages(input)) {
      items.push(...page);
      if (items.length >= limit) break;
    }
    return items.slice(0, limit);
  };

  return { get, put, replace, query, pages, damaged };
};
export type Table = ReturnType<typeof table>;

/** Validates an item and returns its domain value. Throws DamagedItem, also if the value belongs under another key. */
export const itemValue = <T>(schema: z.ZodType<T>, raw: RawItem, keyOf: (value: T) => Key): T => {
  const where = `item ${raw.pk} ${raw.sk}`;
  const item = parse(Item, raw, 'DamagedItem', where);
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

/** What can be read of a list. Damaged items are reported and left out: one must not hide the others. */
export const readableItems = <T>(items: RawItem[], read: (item: RawItem) => T, { damaged }: Table): T[] =>
  items.flatMap((item) => {
    try {
      return [read(item)];
    } catch (thrown) {
      if (!(thrown instanceof Failure && thrown.name === 'DamagedItem')) throw thrown;
      damaged(thrown);
      return [];
    }
  });

const renamedKey = (value: unknown, from: string, to: string): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).map(([key, field]) => [key === from ? to : key, field]))
    : value;

/** Converts a field name between domain and items. Items outlive releases, so stored names never change. */
export const storedAs = <T>(schema: z.ZodType<T>, field: keyof T & string, storedField: string) => ({
  schema: z.preprocess((value) => renamedKey(value, storedField, field), schema),
  data: (value: T): unknown => renamedKey(value, field, storedField),
  /** Stored data under the domain's names, whether it fits the schema or not. */
  fields: (data: unknown): unknown => renamedKey(data, storedField, field),
});

/** The condition that an item still is what was read. */
const unchanged = (seen: RawItem): object => {
  const names = ['version', 'token', 'data'];
  const known = names.filter((name) => seen[name] !== undefined);
  return {
    ConditionExpression: names
      .map((name) => (known.includes(name) ? `#${name} = :${name}` : `attribute_not_exists(#${name})`))
      .join(' AND '),
    ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
    ...(known.length > 0 && {
      ExpressionAttributeValues: Object.fromEntries(known.map((name) => [`:${name}`, seen[name]])),
    }),
  };
};

/** The item to write. Throws ItemTooLarge. */
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
  throw new Failure(
    'ItemTooLarge',
    `item ${key.pk} ${key.sk} takes ${size} bytes, and DynamoDB allows ${maxItemBytes}`,
  );
};

/** An item's size by DynamoDB's rule: names and strings in UTF-8 bytes. Numbers take fewer than the 12 bytes counted here. */
const itemBytes = (item: Record<string, string | number>): number =>
  Object.entries(item).reduce(
    (sum, [name, value]) => sum + byteLength(name) + (typeof value === 'string' ? byteLength(value) : 12),
    0,
  );

const isNamed = (thrown: unknown, ...names: string[]): thrown is Error =>
  thrown instanceof Error && names.includes(thrown.name);

/** Translates errors of DynamoDB and its SDK to failures. A failed condition passes unchanged. */
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
