import { createHash } from 'node:crypto';
import { Run, type RunName, type RunSummary, type Runs, runName } from '../../run/run.ts';
import type { Slot } from '../../schedule/slot.ts';
import { itemValue, type Key, keptRunDays, type RawItem, readableItems, type Table } from './table.ts';

/** The number of index partitions per day. With one partition, a busy minute would be throttled. */
const shards = 16;
const shardKeys = (day: string): string[] => Array.from({ length: shards }, (_, shard) => `day#${day}#${shard}`);
const shardOf = (id: string): number => createHash('sha256').update(id).digest().readUInt8(0) % shards;

const keyOf = ({ job, slot, suffix }: RunName): Key => ({
  pk: `job#${job}`,
  sk: `run#${slot}${suffix ? `#${suffix}` : ''}`,
});
const isEmpty = ({ from = '', to = '9' }: { from?: Slot; to?: Slot }): boolean => from > to;
const keyOfRun = ({ job, slot, suffix }: Run): Key => keyOf({ job: job.name, slot, suffix });
const newestFirst = (a: Run, b: Run): number =>
  a.slot === b.slot ? b.id.localeCompare(a.id) : b.slot.localeCompare(a.slot);

const summaryOf = ({ id, slot, suffix, origin, startedAt, outcome }: Run): RunSummary => ({
  id,
  slot,
  ...(suffix === undefined ? {} : { suffix }),
  ...(origin === undefined ? {} : { origin }),
  startedAt,
  outcome,
});

/** How many runs one request for summaries reads, so that their jobs are dropped before the next request. */
const summaryPage = 100;

/** The query for a job's runs from one slot to another, both inclusive. '$' sorts right after '#', so runs with a suffix are included. */
const between = (job: string, { from = '', to = '9' }: { from?: Slot; to?: Slot }) => ({
  KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
  ExpressionAttributeValues: { ':pk': `job#${job}`, ':from': `run#${from}`, ':to': `run#${to}$` },
  ConsistentRead: true,
});

/** Runs in the table, under their job by slot, and in an index by day. */
export const dynamoRuns = (table: Table): Runs => {
  const readable = (items: RawItem[]): Run[] => readableItems(items, (item) => itemValue(Run, item, keyOfRun), table);
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

    async byJob(job, { limit, ...slots }) {
      if (isEmpty(slots)) return [];
      const query = { ...between(job, slots), ScanIndexForward: false };
      return readable(await table.query(Number.isFinite(limit) ? { ...query, Limit: limit } : query, limit));
    },

    async summaries(job, { limit, oldestFirst = false, ...slots }) {
      const found: RunSummary[] = [];
      if (isEmpty(slots)) return found;
      const query = { ...between(job, slots), ScanIndexForward: oldestFirst, Limit: Math.min(limit, summaryPage) };
      for await (const page of table.pages(query)) {
        found.push(...readable(page).map(summaryOf));
        if (found.length >= limit) break;
      }
      return found.slice(0, limit);
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
