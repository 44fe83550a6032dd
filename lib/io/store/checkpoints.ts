import { Checkpoint, type Checkpoints } from '../../watch/checkpoint.ts';
import { itemValue, type Key, storedAs, type Table } from './table.ts';

/** The stored form of a checkpoint. */
const StoredCheckpoint = storedAs(Checkpoint, 'accountedUpTo', 'to');

const keyOf = ({ job }: Pick<Checkpoint, 'job'>): Key => ({ pk: `job#${job}`, sk: 'look' });

/** The watchman's checkpoints in the table: one item per job. */
export const dynamoCheckpoints = (table: Table): Checkpoints => ({
  async get(job) {
    const item = await table.get(keyOf({ job }));
    return item && itemValue(StoredCheckpoint.schema, item, keyOf);
  },

  async put(checkpoint) {
    await table.put(
      { key: keyOf(checkpoint), version: checkpoint.version, data: StoredCheckpoint.data(checkpoint) },
      'JobConflict',
    );
  },
});
