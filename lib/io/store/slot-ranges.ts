import { SlotRange, type SlotRanges } from '../../watch/slot-range.ts';
import { itemValue, type Key, keptRunDays, readableItems, type Table } from './table.ts';

const keyOf = ({ job, from }: Pick<SlotRange, 'job' | 'from'>): Key => ({ pk: `job#${job}`, sk: `range#${from}` });

/** The watchman's ranges in the table, under their job, by their first slot. They are kept as long as runs. */
export const dynamoSlotRanges = (table: Table): SlotRanges => ({
  async get(job, from) {
    const item = await table.get(keyOf({ job, from }));
    return item && itemValue(SlotRange, item, keyOf);
  },

  async put(range) {
    await table.put({ key: keyOf(range), version: range.version, data: range, keptDays: keptRunDays }, 'JobConflict');
  },

  async byJob(job, { to, limit }) {
    const items = await table.query(
      {
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: { ':pk': `job#${job}`, ':from': 'range#', ':to': `range#${to}` },
        ConsistentRead: true,
        ScanIndexForward: false,
        Limit: limit,
      },
      limit,
    );
    return readableItems(items, (item) => itemValue(SlotRange, item, keyOf), table);
  },
});
