import { Failure } from '../../../lib/failure.ts';

/** The failure of a directory that cannot hold the local service's data. */
export const unusableDirectory = (dir: string, cause: unknown): Failure =>
  new Failure('StoreUnavailable', `${dir} cannot hold the data of the local service`, { cause });
