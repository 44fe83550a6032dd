import { asFailure, Failure } from '../../../lib/failure.ts';
import type { Stores } from '../../../lib/io/store/stores.ts';
import type { Job } from '../../../lib/job/job.ts';
import { mustBeDeclared, readDeclared } from './job-files.ts';
import { reading } from './open.ts';
import type { Target } from './target.ts';

/** A job, and whether its file declares it or only a run remembers it. */
export type FoundJob = { job: Job; declared: boolean };

/**
 * The job as its file declares it, else as its last run kept it. Job files that cannot be read stand in nobody's way who asks about
 * runs; without a run their problems are thrown. Throws UnknownJob for a job that has neither file nor run.
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

/** The same, of a job at a place, before anything is made there. */
export const findJobAt = async (name: string, options: Target & { infra: string }): Promise<FoundJob> =>
  (await reading(options, ({ stores }) => findJob(name, options.infra, stores))) ??
  (await findJob(name, options.infra, undefined));
