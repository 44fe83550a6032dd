import { createHash } from 'node:crypto';
import { Failure } from '../../failure.ts';
import { Run, type RunName, type Runs, runName } from '../../run/run.ts';
import { itemValue, type Key, keptRunDays, type RawItem, type Table } from './table.ts';

/** The number of index partitions per day. With one partition, a busy minute would be throttled. */
const shards = 16;
const shardKeys = (day: string): string[] => Array.from({ length: shards }, (_, shard) => `day#${day}#${shard}`);
const shardOf = (id: string): number => createHash('sha256').update(id).digest().readUInt8(0) % shards;

const keyOf = ({ job, slot, suffix }: RunName): Key => ({
  pk: `job#${job}`,
  sk: `run#${slot}${suffix ? `#${suffix}` : ''}`,
});
const keyOfRun = ({ job, slot, suffix }: Run): Key => keyOf({ job: job.name, slot, suffix });
const newestFirst = (a: Run, b: Run): number =>
  a.slot === b.slot ? b.id.localeCompare(a.id) : b.slot.localeCompare(a.slot);

/** The runs of a list without damaged items, which are reported and left out. One damaged run must not hide the others. */
const readableOf =
  (table: Table) =>
  (items: RawItem[]): Run[] =>
    items.flatMap((item) => {
      try {
        return [itemValue(Run, item, keyOfRun)];
      } catch (thrown) {
        if (!(thrown instanceof Failure && thrown.name === 'DamagedItem')) throw thrown;
        table.damaged(thrown);
        return [];
      }
    });

/** Runs in the table, under their job by slot, and in an index by day. */
export const dynamoRuns = (table: Table): Runs => {
  const readable = readableOf(table);
  return {
    async get(id) {
      const item = await table.get(keyOf(runName(id)));
      return item && itemValue(Run, item, keyOfRun);
    },

    async put(run) {
      const day = shardKeys(run.slot.slice(0, 10))[shardOf(run.id)];
      await table.put(
        { key: keyOfRun(run), version: run.version, data: run, keptDays: keptRunDays, ...(day ? { day } : {}) },
        'RunConflict',
      );
    },

    async byJob(job, { from = '', to = '9', limit }) {
      if (from > to) return [];
      const items = await table.query(
        {
          KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
          // '$' sorts right after '#', so the upper bound includes a slot's runs with a suffix.
          ExpressionAttributeValues: { ':pk': `job#${job}`, ':from': `run#${from}`, ':to': `run#${to}$` },
          ConsistentRead: true,
          ScanIndexForward: false,
          ...(Number.isFinite(limit) ? { Limit: limit } : {}),
        },
        limit,
      );
      return readable(items);
    },

    async byDay(day) {
      const pages = await Promise.all(
        shardKeys(day).map((key) =>
          table.query({
            IndexName: 'byDay',
            KeyConditionExpression: '#day = :day',
            ExpressionAttributeNames: { '#day': 'day' },
            ExpressionAttributeValues: { ':day': key },
          }),
        ),
      );
      return readable(pages.flat()).sort(newestFirst);
    },
  };
};
