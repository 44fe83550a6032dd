import { Failure } from '../../../lib/failure.ts';

/** The failure of a run id where the data directory holds no run at all. */
export const noSuchRun = (id: string, { data }: { data: string }): Failure =>
  new Failure('UnknownRun', `there is no run ${id}: ${data} holds no runs yet`);
