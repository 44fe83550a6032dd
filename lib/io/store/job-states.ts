import { JobState, type JobStates } from '../../policy/job-state.ts';
import { itemValue, type Key, type Table } from './table.ts';

const keyOf = ({ job }: Pick<JobState, 'job'>): Key => ({ pk: `job#${job}`, sk: 'state' });

/** Days until a state expires. A pause without an end must outlive the usual expiry, because a paused job writes no state. */
const keptDays = 3650;

/** Job states in the table: one item per job. */
export const dynamoJobStates = (table: Table): JobStates => ({
  async get(job) {
    const item = await table.get(keyOf({ job }));
    return item && itemValue(JobState, item, keyOf);
  },

  async put(state) {
    await table.put({ key: keyOf(state), version: state.version, data: state, keptDays }, 'JobConflict');
  },
});
