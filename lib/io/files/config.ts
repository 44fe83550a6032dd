import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { Job, type Jobs } from '../../job/job.ts';
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

/** The jobs in `jobs.json` of the configuration directory. Throws InvalidJob if it is not a list of jobs. */
export const configuredJobList = async (directory: string): Promise<Job[]> =>
  parse(z.array(Job), await json(join(directory, 'jobs.json')), 'InvalidJob', 'jobs.json');

const json = async (file: string): Promise<unknown> => JSON.parse(await readFile(file, 'utf8'));

/** Looks up jobs in `jobs.json` of the configuration directory. Throws InvalidJob if it is not a list of jobs. */
export const configuredJobs =
  (directory: string): Jobs =>
  async (name) => {
    const jobs = await configuredJobList(directory);
    return jobs.find((job) => job.name === name);
  };

/** Reads `scripts/<file>.json` in the configuration directory. Undefined if there is no such script. */
export const configuredScripts =
  (directory: string) =>
  async (file: string): Promise<unknown> => {
    if (!/^[\w.-]+$/.test(file)) return undefined;
    try {
      return await json(join(directory, 'scripts', `${file}.json`));
    } catch (thrown) {
      if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
      throw thrown;
    }
  };
