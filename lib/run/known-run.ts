import { Failure } from '../failure.ts';
import { type EndedRun, isEnded, type Run, type Runs } from './run.ts';

/** What the store holds under a run's id. `damaged`: an item that does not fit the schema. */
export type KnownRun =
  | { is: 'unrecorded' }
  | { is: 'open'; run: Run }
  | { is: 'ended'; run: EndedRun }
  | { is: 'damaged'; failure: Failure };

/** Reads a run. A damaged item is a value, so that it does not stop work on the job's other runs. */
export const knownRun = async (id: string, runs: Runs): Promise<KnownRun> => {
  try {
    const run = await runs.get(id);
    if (run === undefined) return { is: 'unrecorded' };
    return isEnded(run) ? { is: 'ended', run } : { is: 'open', run };
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.name === 'DamagedItem') return { is: 'damaged', failure: thrown };
    throw thrown;
  }
};
