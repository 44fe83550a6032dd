import { asFailure, Failure } from '../../../lib/failure.ts';
import type { Stores } from '../../../lib/io/store/stores.ts';
import type { Job } from '../../../lib/job/job.ts';
import { mustBeDeclared, readDeclared } from './job-files.ts';
import { reading } from './open.ts';
import type { Target } from './target.ts';

/** A job. `declared`: from its file, otherwise from its last run. */
export type FoundJob = { job: Job; declared: boolean };

/**
 * The job as its file declares it, otherwise as its last run kept it. Throws InvalidJob where there is no run and job files are invalid,
 * UnknownJob where there is neither a file nor a run.
 */
export const findJob = async (name: string, infra: string, stores: Stores | undefined): Promise<FoundJob> => {
  const files = await readDeclared(infra).catch(asFailure);
  const declared = files instanceof Failure ? undefined : files.jobs.find((job) => job.name === name);
  if (declared) return { job: declared, declared: true };
  const [last] = (await stores?.runs.byJob(name, { limit: 1 })) ?? [];
  if (last) return { job: last.job, declared: false };
  if (files instanceof Failure) throw files;
  mustBeDeclared(name, files);
  throw new Failure('UnknownJob', `there is no job "${name}"`);
};

/** The same for a target. It creates no table. */
export const findJobAt = async (name: string, options: Target & { infra: string }): Promise<FoundJob> =>
  (await reading(options, ({ stores }) => findJob(name, options.infra, stores))) ??
  (await findJob(name, options.infra, undefined));
