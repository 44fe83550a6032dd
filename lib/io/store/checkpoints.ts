import { Look, type Looks } from '../../watch/checkpoint.ts';
import { type Key, read, type Table } from './table.ts';

const keyOf = ({ job }: Pick<Look, 'job'>): Key => ({ pk: `job#${job}`, sk: 'look' });

/** The watchman's looks in the table: one item a job, beside its state. */
export const dynamoLooks = (table: Table): Looks => ({
  async get(job) {
    const item = await table.get(keyOf({ job }));
    return item && read(Look, item, keyOf);
  },

  async put(look) {
    await table.put({ key: keyOf(look), version: look.version, data: look }, 'JobConflict');
  },
});
