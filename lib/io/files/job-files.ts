import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { Failure } from '../../failure.ts';
import { holidays } from '../../job/holiday.ts';
import type { Job } from '../../job/job.ts';
import { issueProblems, type Problem, problemText, readJobFile, readYaml, type Source } from '../../job/job-file.ts';
import { parseModelId } from '../../job/model-id.ts';
import { resultReader } from '../../run/result.ts';
import { Script } from '../model/scripted.ts';

/** Where the declared things are, as paths from the working directory (they stand in error messages). */
export type JobFiles = { jobs: string; scripts: string; tools: string; holidays: string };

/** This repository's own. */
export const repositoryFiles: JobFiles = {
  jobs: 'infra/jobs',
  scripts: 'infra/scripts',
  tools: 'lib/tools',
  holidays: 'infra/holidays',
};

/** Every job and every script that a job's model names. */
export type Declared = { jobs: Job[]; scripts: Record<string, Script> };

const list = async (directory: string, ending: RegExp): Promise<string[]> => {
  try {
    return (await readdir(directory)).filter((file) => ending.test(file)).sort();
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw cause;
  }
};

const yaml = /\.ya?ml$/;
const stem = (file: string): string => file.replace(yaml, '');

/**
 * Reads and checks every job file. Throws InvalidJob with all that is wrong in all of them, a line each: file, line, field, what was
 * expected. Where `now` is given, a one-time job whose time is over is wrong too.
 */
export const readJobs = async (files: JobFiles = repositoryFiles, now?: Date): Promise<Declared> =>
  readAll(files, await list(files.jobs, yaml), now);

/** Reads all job files together with one that is not written yet, and returns that job. Throws InvalidJob as `readJobs` does. */
export const readNewJob = async (files: JobFiles, file: string, text: string, now: Date): Promise<Job> => {
  const known = await list(files.jobs, yaml);
  const { jobs } = await readAll(files, [...known, file], now, { [file]: text });
  const made = jobs.find(({ name }) => name === stem(file));
  if (made) return made;
  throw new Failure('InvalidJob', `${join(files.jobs, file)} holds no job`);
};

/** `unwritten` holds the text of files that are not on the disk. */
const readAll = async (
  files: JobFiles,
  jobFiles: string[],
  now?: Date,
  unwritten: Record<string, string> = {},
): Promise<Declared> => {
  const [scriptFiles, toolFiles, holidayFiles] = await Promise.all([
    list(files.scripts, yaml),
    list(files.tools, /^\w+\.ts$/),
    list(files.holidays, yaml),
  ]);
  const free = await Promise.all(holidayFiles.map((file) => readHolidayFile(join(files.holidays, file))));
  const known = {
    tools: toolFiles.map((file) => file.replace(/\.ts$/, '')),
    // A file that is wrong is known too: it is told once, where it is wrong.
    holidays: Object.fromEntries(
      free.map((found, at) => [stem(holidayFiles[at] ?? ''), 'dates' in found ? found.dates : []]),
    ),
    now,
  };
  const read = await Promise.all(
    jobFiles.map(async (file) => {
      const path = join(files.jobs, file);
      const source = readYaml(path, unwritten[file] ?? (await readFile(path, 'utf8')));
      const found = readJobFile(source, known);
      const broken = await brokenReferences(source, scriptFiles.map(stem));
      const problems = [...('problems' in found ? found.problems : []), ...broken];
      return problems.length > 0 ? { problems } : found;
    }),
  );
  const scripts = await Promise.all(scriptFiles.map((file) => readScriptFile(join(files.scripts, file))));
  const problems = [
    ...duplicates(files.jobs, jobFiles, 'job'),
    ...duplicates(files.holidays, holidayFiles, 'file of holidays'),
    ...[...read, ...scripts, ...free].flatMap((found) => ('problems' in found ? found.problems : [])),
  ];
  if (problems.length > 0) throw new Failure('InvalidJob', problems.map(problemText).join('\n'));
  return {
    jobs: read.flatMap((found) => ('job' in found ? [found.job] : [])),
    scripts: Object.fromEntries(
      scripts.flatMap((found, at) => ('script' in found ? [[stem(scriptFiles[at] ?? ''), found.script]] : [])),
    ),
  };
};

const readScriptFile = async (path: string): Promise<{ script: Script } | { problems: Problem[] }> => {
  const source = readYaml(path, await readFile(path, 'utf8'));
  if (source.problems.length > 0) return { problems: source.problems };
  const read = Script.safeParse(source.value);
  return read.success ? { script: read.data } : { problems: issueProblems(source, read.error.issues, Script) };
};

const readHolidayFile = async (path: string): Promise<ReturnType<typeof holidays>> =>
  holidays(readYaml(path, await readFile(path, 'utf8')));

const duplicates = (directory: string, files: string[], what: string): Problem[] =>
  files.flatMap((file, at) => {
    const first = files.slice(0, at).find((other) => stem(other).toLowerCase() === stem(file).toLowerCase());
    return first
      ? [
          {
            file: join(directory, file),
            line: 1,
            column: 1,
            path: '',
            message: `duplicate ${what}: ${first} has this name too`,
          },
        ]
      : [];
  });

/** The fields that refer outside the file, where they can be read: the rest of the job may be wrong. */
const References = z.object({
  model: z.string().optional().catch(undefined),
  result: z.record(z.string(), z.unknown()).optional().catch(undefined),
});

/** What only the world outside the file can tell: a script that is not there, a result that is no JSON Schema. */
const brokenReferences = async (source: Source, scripts: string[]): Promise<Problem[]> => {
  const { model, result } = References.safeParse(source.value).data ?? {};
  const id = parseModelId(model ?? '');
  const missing = id?.provider === 'scripted' && !scripts.includes(id.model);
  const expected = scripts.join(', ') || 'none is there';
  const problems = missing
    ? [source.at(['model'], `no script scripts/${id.model}.yml, expected one of ${expected}`)]
    : [];
  try {
    await resultReader(result);
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    problems.push(source.at(['result'], thrown.message));
  }
  return problems;
};

/** Writes what the functions read at run time, jobs.json and scripts/, whole or not at all: the directory is replaced in one move. */
export const writeConfig = async (directory: string, { jobs, scripts }: Declared): Promise<void> => {
  const fresh = `${directory}.${process.pid}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(join(fresh, 'scripts'), { recursive: true });
  await writeFile(join(fresh, 'jobs.json'), JSON.stringify(jobs, null, 1));
  await Promise.all(
    Object.entries(scripts).map(([name, script]) =>
      writeFile(join(fresh, 'scripts', `${name}.json`), JSON.stringify(script, null, 1)),
    ),
  );
  await rm(directory, { recursive: true, force: true });
  await rename(fresh, directory);
};
