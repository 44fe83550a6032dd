import { access, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Failure } from '../../../lib/failure.ts';
import {
  type Declared,
  type JobFiles,
  readJobs,
  readNewJob,
  repositoryFiles,
} from '../../../lib/io/files/job-files.ts';
import { projectRoot } from '../../local/project-root.ts';

/** A path of this project, relative to the current directory. */
export const projectPath = (path: string): string => relative(process.cwd(), join(projectRoot, path)) || '.';

/**
 * The jobs and scripts declared under `infra`, checked. Throws InvalidJob with a line for each problem. With `now`, a one-time job
 * that is over is a problem too.
 */
export const readDeclared = async (infra: string, now?: Date): Promise<Declared> => readJobs(await filesOf(infra), now);

const filesOf = async (infra: string): Promise<JobFiles> => {
  const jobs = join(infra, 'jobs');
  await access(jobs).catch((cause: unknown) => {
    throw new Failure('InvalidJob', `${jobs}: there is no such directory`, { cause });
  });
  const at = (name: string): string => join(infra, name);
  const tools = projectPath(repositoryFiles.tools);
  return { jobs, scripts: at('scripts'), holidays: at('holidays'), connections: at('connections'), tools };
};

/** Throws InvalidJob where a file has that job name, in any case of letters. */
export const mustBeFree = async (infra: string, name: string): Promise<void> => {
  const { jobs } = await filesOf(infra);
  const taken = (await readdir(jobs)).find((file) => file.replace(/\.(ya?ml|ts)$/, '').toLowerCase() === name);
  if (taken !== undefined)
    throw new Failure('InvalidJob', `${join(jobs, taken)}: this file exists already, expected a new name`);
};

/** Checks a job file that is not written yet, and returns its path and its job. Throws InvalidJob. */
export const checkedNewJob = async (infra: string, name: string, text: string, now: Date) => {
  const files = await filesOf(infra);
  const file = `${name}.yml`;
  return { file: join(files.jobs, file), job: await readNewJob(files, file, text, now) };
};

/** Throws UnknownJob, which names the declared jobs. */
export const mustBeDeclared = (name: string, { jobs }: Declared): void => {
  if (jobs.some((job) => job.name === name)) return;
  const expected = jobs.map((job) => job.name).join(', ') || 'none is declared';
  throw new Failure('UnknownJob', `there is no job "${name}", expected one of: ${expected}`);
};
