import { access } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Failure } from '../../../lib/failure.ts';
import { type Declared, readJobs, repositoryFiles } from '../../../lib/io/files/job-files.ts';
import { projectRoot } from '../../local/project-root.ts';

/** A path of this project, relative to the current directory. */
export const projectPath = (path: string): string => relative(process.cwd(), join(projectRoot, path)) || '.';

/**
 * The jobs and scripts declared under `infra`, checked. Throws InvalidJob with a line for each problem. With `now`, a one-time job
 * that is over is a problem too.
 */
export const readDeclared = async (infra: string, now?: Date): Promise<Declared> => {
  const jobs = join(infra, 'jobs');
  await access(jobs).catch((cause: unknown) => {
    throw new Failure('InvalidJob', `${jobs}: there is no such directory`, { cause });
  });
  const [scripts, holidays] = [join(infra, 'scripts'), join(infra, 'holidays')];
  return readJobs({ jobs, scripts, holidays, tools: projectPath(repositoryFiles.tools) }, now);
};

/** Throws UnknownJob, which names the declared jobs. */
export const mustBeDeclared = (name: string, { jobs }: Declared): void => {
  if (jobs.some((job) => job.name === name)) return;
  const expected = jobs.map((job) => job.name).join(', ') || 'none is declared';
  throw new Failure('UnknownJob', `there is no job "${name}", expected one of: ${expected}`);
};
