import { Failure } from '../../lib/failure.ts';
import { dynamoAttempts } from '../../lib/io/store/attempts.ts';
import { dynamoCheckpoints } from '../../lib/io/store/checkpoints.ts';
import { dynamoEffects } from '../../lib/io/store/effects.ts';
import { dynamoJobStates } from '../../lib/io/store/job-states.ts';
import { dynamoRuns } from '../../lib/io/store/runs.ts';
import { dynamoSessions } from '../../lib/io/store/sessions.ts';
import { dynamoSlotRanges } from '../../lib/io/store/slot-ranges.ts';
import type { Stores } from '../../lib/io/store/stores.ts';
import type { Draft, RawItem, Table } from '../../lib/io/store/table.ts';
import { unexpected } from './unexpected.ts';

/** The three operations of the table on a map, without an engine, for thousands of plays. The calls are the same as on an engine. */
const memoryTable = (): Table => {
  const partitions = new Map<string, Map<string, RawItem>>();
  const partition = (pk: unknown) => partitions.get(String(pk)) ?? new Map<string, RawItem>();
  return {
    get: async ({ pk, sk }) => partition(pk).get(sk),
    async put({ key, version, data, day }: Draft, conflict) {
      const items = partition(key.pk);
      const found = items.get(key.sk);
      const next = found === undefined ? 1 : typeof found.version === 'number' ? found.version + 1 : undefined;
      if ((version ?? 1) !== next) throw new Failure(conflict, `${key.pk} ${key.sk}: not version ${version}`);
      const expiresAt = Number.MAX_SAFE_INTEGER;
      items.set(key.sk, {
        ...key,
        ...(version === undefined ? {} : { version }),
        ...(day === undefined ? {} : { day }),
        expiresAt,
        data: JSON.stringify(data),
      });
      partitions.set(key.pk, items);
    },
    replace: () => Promise.reject(new Error('no damaged item is mended in memory')),
    async *pages(input) {
      yield await this.query(input);
    },
    async query({ IndexName, ExpressionAttributeValues: values = {}, ScanIndexForward: forward = true }, limit) {
      if (IndexName)
        return [...partitions.values()].flatMap((items) =>
          [...items.values()].filter(({ day }) => day === values[':day']),
        );
      const [from, to] = [values[':from'] ?? values[':sk'], values[':to'] ?? `${values[':sk']}~`];
      const found = [...partition(values[':pk']).values()].filter(({ sk }) => String(sk) >= from && String(sk) <= to);
      const sorted = found.sort((a, b) => (String(a.sk) < String(b.sk) ? -1 : 1));
      return (forward ? sorted : sorted.reverse()).slice(0, limit);
    },
    damaged: unexpected,
  };
};

/** All stores on a table in memory. */
export const memoryStores = (): Stores => {
  const table = memoryTable();
  return {
    runs: dynamoRuns(table),
    attempts: dynamoAttempts(table),
    sessions: dynamoSessions(table),
    effects: dynamoEffects(table),
    states: dynamoJobStates(table),
    checkpoints: dynamoCheckpoints(table),
    ranges: dynamoSlotRanges(table),
  };
};
