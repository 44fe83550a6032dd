import { JobState, type JobStates } from '../../policy/job-state.ts';
import { itemValue, type Key, type Table } from './table.ts';

const keyOf = ({ job }: Pick<JobState, 'job'>): Key => ({ pk: `job#${job}`, sk: 'state' });

/** A pause is no write: it must not run out with its item, however long it is, in days. */
const keptDays = 3650;

/** The states of jobs in the table: one item a job. */
export const dynamoJobStates = (table: Table): JobStates => ({
  async get(job) {
    const item = await table.get(keyOf({ job }));
    return item && itemValue(JobState, item, keyOf);
  },

  async put(state) {
    await table.put({ key: keyOf(state), version: state.version, data: state, keptDays }, 'JobConflict');
  },
});
