import { boundsOf } from '../../lib/calendar.ts';
import { asFailure, Failure } from '../../lib/failure.ts';
import type { Stores } from '../../lib/io/stores.ts';
import type { Job } from '../../lib/job.ts';
import type { Look } from '../../lib/look.ts';
import type { Run } from '../../lib/run.ts';
import type { Anchor } from '../../lib/why.ts';
import { mustBeDeclared, readDeclared } from './declared.ts';
import type { Place } from './place.ts';
import { reading } from './reading.ts';

/** A job, and whether its file declares it or only a run remembers it. */
export type Known = { job: Job; declared: boolean };

/**
 * The job as its file declares it, else as its last run kept it. Job files that cannot be read stand in nobody's way who asks about
 * runs; without a run their problems are thrown. Throws UnknownJob for a job that has neither file nor run.
 */
export const knownJob = async (name: string, infra: string, stores: Stores | undefined): Promise<Known> => {
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
export const jobAt = async (name: string, options: Place & { infra: string }): Promise<Known> =>
  (await reading(options, ({ stores }) => knownJob(name, options.infra, stores))) ??
  (await knownJob(name, options.infra, undefined));

/** Where a job's rate counts from: as the watchman knows, else a slot its schedule delivered, else its start. Only for a rate does it matter. */
export const anchorOf = ({ schedule }: Job, look: Look | undefined, runs: Run[]): Anchor => {
  const delivered = runs.find(({ suffix, origin }) => suffix === undefined && origin !== 'watchman')?.slot;
  const at = look?.schedule?.rate === undefined ? (delivered ?? boundsOf(schedule).start) : look.anchor.at;
  return { at: new Date(at ?? 0), known: at !== undefined || schedule.rate === undefined };
};
