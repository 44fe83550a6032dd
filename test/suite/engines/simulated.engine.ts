import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { storesContract } from '../../kit/contract/stores.ts';
import { clientOptions } from '../../kit/local-service.ts';
import { listen, readBody } from '../../kit/wire/listen.ts';
import { openStore } from '../explore/simulated-store.ts';

type Fields = Record<string, unknown>;

const plain = (value: unknown): unknown => {
  const [[type, inner] = []] = Object.entries(value as Record<string, unknown>);
  if (type === 'S') return inner;
  if (type === 'N') return Number(inner);
  throw new Error(`the simulated store keeps no ${type}`);
};
const typed = (value: unknown): unknown => (typeof value === 'number' ? { N: String(value) } : { S: value });
const each = (fields: unknown, change: (value: unknown) => unknown): Fields =>
  Object.fromEntries(Object.entries(fields as Fields).map(([name, value]) => [name, change(value)]));

const itemsIn = ['Key', 'Item', 'ExpressionAttributeValues', 'ExclusiveStartKey'];
const read = (input: Fields): Fields =>
  Object.fromEntries(
    Object.entries(input).map(([name, value]) => [name, itemsIn.includes(name) ? each(value, plain) : value]),
  );
const written = ({ Item, Items, LastEvaluatedKey, ...others }: Fields): Fields => ({
  ...others,
  ...(Item !== undefined && { Item: each(Item, typed) }),
  ...(Array.isArray(Items) && { Items: Items.map((item) => each(item, typed)), Count: Items.length }),
  ...(LastEvaluatedKey !== undefined && { LastEvaluatedKey: each(LastEvaluatedKey, typed) }),
});

storesContract('the simulated store of the explorer', async () => {
  const store = openStore('nightshift-contract', { lag: false });
  const listening = await listen(async (request, response) => {
    const action = String(request.headers['x-amz-target']).replace(/^.*\./, '');
    const input: Fields = JSON.parse((await readBody(request)).toString());
    const answer = (status: number, body: unknown) =>
      response
        .writeHead(status, { 'content-type': 'application/x-amz-json-1.0', connection: 'close' })
        .end(JSON.stringify(body));
    try {
      return answer(200, written(store.answer(action, read(input))));
    } catch (thrown) {
      const { name, message } = thrown as Error;
      return name === 'Error'
        ? answer(500, { __type: 'InternalServerError', message })
        : answer(400, { __type: name, message });
    }
  });
  const client = new DynamoDBClient(clientOptions(listening.origin));
  return {
    client,
    tableName: 'nightshift-contract',
    close: async () => {
      client.destroy();
      await listening.close();
    },
  };
});

const asked = (action: string, input: Fields) => () =>
  openStore('t', { lag: true }).answer(action, { TableName: 't', ...input });
const at = { pk: 'p', sk: 's' };

test.each([
  ['an action', 'UpdateItem', { Key: at }],
  ['an action', 'DeleteItem', { Key: at }],
  ['a field', 'PutItem', { Item: at, ReturnValues: 'ALL_OLD' }],
  ['a condition', 'PutItem', { Item: at, ConditionExpression: 'attribute_exists(pk)' }],
  [
    'half a condition',
    'PutItem',
    { Item: at, ConditionExpression: 'attribute_not_exists(pk) AND pk = :p', ExpressionAttributeValues: { ':p': 1 } },
  ],
  ['a key condition', 'Query', { KeyConditionExpression: 'sk = :sk', ExpressionAttributeValues: { ':sk': 's' } }],
  [
    'an index',
    'Query',
    { IndexName: 'other', KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': 's' } },
  ],
] as const)('throws at %s it does not know: %s', (_, action, input) => {
  expect(asked(action, input)).toThrow('the simulated store does not know');
});

test('refuses a value that is declared and not used, as DynamoDB does', () => {
  const input = { Item: at, ConditionExpression: 'attribute_not_exists(pk)', ExpressionAttributeValues: { ':now': 1 } };
  expect(asked('PutItem', input)).toThrow(expect.objectContaining({ name: 'ValidationException' }));
});

test('may show an item as it was before its last write to who does not ask for consistency', () => {
  const store = openStore('t', { lag: true });
  const get = (ConsistentRead?: boolean) => store.answer('GetItem', { TableName: 't', Key: at, ConsistentRead }).Item;
  for (const version of [1, 2]) store.answer('PutItem', { TableName: 't', Item: { ...at, version } });
  expect([get(true), get()]).toEqual([
    { ...at, version: 2 },
    { ...at, version: 1 },
  ]);
});
