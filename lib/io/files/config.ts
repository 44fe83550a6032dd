import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { Job, JobName, type Jobs } from '../../job/job.ts';
import { parse } from '../../parse.ts';

const Environment = z.object({
  NIGHTSHIFT_TABLE: z.string().min(1),
  NIGHTSHIFT_CONFIG: z.string().min(1),
  NIGHTSHIFT_STATE_MACHINE_ARN: z.string().default(''),
  NIGHTSHIFT_SCHEDULE_GROUP: z.string().default(''),
});

/** A function's settings from its environment variables. Throws InvalidEvent that names each missing variable. */
export const environment = (env: Record<string, string | undefined>) => {
  const variables = parse(Environment, env, 'InvalidEvent', 'environment');
  return {
    table: variables.NIGHTSHIFT_TABLE,
    config: variables.NIGHTSHIFT_CONFIG,
    stateMachineArn: variables.NIGHTSHIFT_STATE_MACHINE_ARN,
    scheduleGroup: variables.NIGHTSHIFT_SCHEDULE_GROUP,
  };
};

/** Reads a file as JSON. */
export const json = async (file: string): Promise<unknown> => JSON.parse(await readFile(file, 'utf8'));

/** Whether a file could not be read because it is not there. */
export const isMissing = (thrown: unknown): boolean =>
  thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';

const readJob = async (directory: string, name: string): Promise<Job> =>
  parse(Job, await json(join(directory, `jobs/${name}.json`)), 'InvalidJob', `jobs/${name}.json`);

/** The names of all jobs: `jobs.json` of the configuration directory. */
const Names = z.array(JobName);

/** All jobs of the configuration directory. Throws InvalidJob for a list of names or a job that is none. */
export const configuredJobList = async (directory: string): Promise<Job[]> => {
  const jobs: Job[] = [];
  // One after another: thousands of files at once are more than a process may open.
  for (const name of parse(Names, await json(join(directory, 'jobs.json')), 'InvalidJob', 'jobs.json'))
    jobs.push(await readJob(directory, name));
  return jobs;
};

/** Looks up a job in `jobs/<name>.json` of the configuration directory. It reads no other job. Throws InvalidJob if the file is not a job. */
export const configuredJobs =
  (directory: string): Jobs =>
  async (name) => {
    if (!JobName.safeParse(name).success) return undefined;
    try {
      return await readJob(directory, name);
    } catch (thrown) {
      if (!isMissing(thrown)) throw thrown;
      // Without the list nothing is known of any job.
      await access(join(directory, 'jobs.json'));
      return undefined;
    }
  };

/** Reads `scripts/<file>.json` in the configuration directory. Undefined if there is no such script. */
export const configuredScripts =
  (directory: string) =>
  async (file: string): Promise<unknown> => {
    if (!/^[\w.-]+$/.test(file)) return undefined;
    try {
      return await json(join(directory, 'scripts', `${file}.json`));
    } catch (thrown) {
      if (isMissing(thrown)) return undefined;
      throw thrown;
    }
  };
