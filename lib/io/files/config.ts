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

/** Where a function finds its table, its state machine and its configuration. Throws InvalidEvent naming each missing variable. */
export const environment = (env: Record<string, string | undefined>) => {
  const read = parse(Environment, env, 'InvalidEvent', 'environment');
  return {
    table: read.NIGHTSHIFT_TABLE,
    config: read.NIGHTSHIFT_CONFIG,
    stateMachineArn: read.NIGHTSHIFT_STATE_MACHINE_ARN,
    scheduleGroup: read.NIGHTSHIFT_SCHEDULE_GROUP,
  };
};

/** Every job this service was built with. Throws InvalidJob for what is no list of jobs. */
export const configuredJobList = async (directory: string): Promise<Job[]> =>
  parse(z.array(Job), await json(join(directory, 'jobs.json')), 'InvalidJob', 'jobs.json');

const json = async (file: string): Promise<unknown> => JSON.parse(await readFile(file, 'utf8'));

/** The jobs this service was built with: `jobs.json` in the configuration directory. Throws InvalidJob for what is no list of jobs. */
export const configuredJobs =
  (directory: string): Jobs =>
  async (name) => {
    const jobs = await configuredJobList(directory);
    return jobs.find((job) => job.name === name);
  };

/** The scripts this service was built with: `scripts/<file>.json` in the configuration directory. Undefined where there is none. */
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
