import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/** One call to the store: its action, the capacity units it consumed, the size of the written item, and whether the index holds it. */
export type StoreCall = { action: string; units: number; itemBytes: number; indexed: boolean };

/**
 * DynamoDB's size of a value: the UTF-8 bytes of a text, or one byte for every two digits of a number and one more.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
const valueBytes = (value: unknown): number => {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return Math.ceil(String(value).length / 2) + 1;
  throw new Error('the table holds only text and numbers');
};

const bytesOf = (item: object): number =>
  Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0);

/** Asks the store for the consumed units of every call of this client, and records the calls. */
export const metered = (client: DynamoDBClient): StoreCall[] => {
  const calls: StoreCall[] = [];
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const call = {
        action: String(context.commandName).replace(/Command$/, ''),
        units: 0,
        itemBytes: 0,
        indexed: false,
      };
      calls.push(call);
      if ('Item' in args.input && args.input.Item) {
        call.itemBytes = bytesOf(args.input.Item);
        call.indexed = 'day' in args.input.Item;
      }
      const result = await next({
        ...args,
        input: { ...args.input, ReturnConsumedCapacity: 'TOTAL' } as typeof args.input,
      });
      const { ConsumedCapacity: consumed } = result.output as { ConsumedCapacity?: { CapacityUnits?: number } };
      if (consumed?.CapacityUnits === undefined)
        throw new Error(`the store did not report the units of ${call.action}`);
      call.units = consumed.CapacityUnits;
      return result;
    },
    { step: 'serialize', priority: 'high', name: 'meter' },
  );
  return calls;
};
