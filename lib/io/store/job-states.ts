import { JobState, type JobStates } from '../../policy/job-state.ts';
import { type Draft, itemValue, type Key, type RawItem, type Table } from './table.ts';

export const stateKey = ({ job }: Pick<JobState, 'job'>): Key => ({ pk: `job#${job}`, sk: 'state' });

/** Days until a state expires. A pause without an end must outlive the usual expiry, because a paused job writes no state. */
const keptDays = 3650;

/** The state in an item. Throws DamagedItem. */
export const readState = (item: RawItem): JobState => itemValue(JobState, item, stateKey);

/** The item of a state. */
export const stateDraft = (state: JobState): Draft => ({
  key: stateKey(state),
  version: state.version,
  data: state,
  keptDays,
});

/** Job states in the table: one item per job. */
export const dynamoJobStates = (table: Table): JobStates => ({
  async get(job) {
    const item = await table.get(stateKey({ job }));
    return item && readState(item);
  },

  async put(state) {
    await table.put(stateDraft(state), 'JobConflict');
  },
});
