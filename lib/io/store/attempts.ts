import { Attempt, type Attempts } from '../../run/attempt.ts';
import { itemValue, type Key, type Table } from './table.ts';

const keyOf = ({ runId, number }: Pick<Attempt, 'runId' | 'number'>): Key => ({
  pk: `run#${runId}`,
  sk: `attempt#${String(number).padStart(3, '0')}`,
});

/** Attempts in the table, under their run, sorted by number. */
export const dynamoAttempts = (table: Table): Attempts => ({
  async get(runId, number) {
    const item = await table.get(keyOf({ runId, number }));
    return item && itemValue(Attempt, item, keyOf);
  },

  async list(runId) {
    const items = await table.query({
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
      ExpressionAttributeValues: { ':pk': `run#${runId}`, ':sk': 'attempt#' },
      ConsistentRead: true,
    });
    return items.map((item) => itemValue(Attempt, item, keyOf));
  },

  async put(attempt) {
    await table.put({ key: keyOf(attempt), version: attempt.version, data: attempt }, 'SessionConflict');
  },
});
