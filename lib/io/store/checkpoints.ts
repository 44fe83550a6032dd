import { Checkpoint, type Checkpoints } from '../../watch/checkpoint.ts';
import { type Draft, itemValue, type Key, type RawItem, storedAs, type Table } from './table.ts';

/** The stored form of a checkpoint. */
const StoredCheckpoint = storedAs(Checkpoint, 'accountedUpTo', 'to');

export const checkpointKey = ({ job }: Pick<Checkpoint, 'job'>): Key => ({ pk: `job#${job}`, sk: 'look' });

/** The checkpoint in an item. Throws DamagedItem. */
export const readCheckpoint = (item: RawItem): Checkpoint => itemValue(StoredCheckpoint.schema, item, checkpointKey);

/** Stored data under the names of a checkpoint, whether it is one or not. */
export const checkpointFields = StoredCheckpoint.fields;

/** The item of a checkpoint. */
export const checkpointDraft = (checkpoint: Checkpoint): Draft => ({
  key: checkpointKey(checkpoint),
  version: checkpoint.version,
  data: StoredCheckpoint.data(checkpoint),
});

/** The watchman's checkpoints in the table: one item per job. */
export const dynamoCheckpoints = (table: Table): Checkpoints => ({
  async get(job) {
    const item = await table.get(checkpointKey({ job }));
    return item && readCheckpoint(item);
  },

  async put(checkpoint) {
    await table.put(checkpointDraft(checkpoint), 'JobConflict');
  },
});
