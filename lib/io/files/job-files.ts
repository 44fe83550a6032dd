import { isUtf8 } from 'node:buffer';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Connection } from '../../connection/connection.ts';
import { readConnectionFile } from '../../connection/connection-file.ts';
import { sharedHost } from '../../connection/overlap.ts';
import { toolNamesOf } from '../../connection/tool-name.ts';
import { Failure } from '../../failure.ts';
import { holidays } from '../../job/holiday.ts';
import type { Job } from '../../job/job.ts';
import {
  inOurWords,
  issueProblems,
  notUtf8,
  type Problem,
  problemText,
  readJobFile,
  readYaml,
  type Source,
} from '../../job/job-file.ts';
import { parseModelId } from '../../job/model-id.ts';
import { resultReader } from '../../run/result.ts';
import { Script } from '../model/scripted.ts';

/** Folders of a project's files, relative to the working directory. Error messages contain these paths. */
export type JobFiles = { jobs: string; scripts: string; tools: string; holidays: string; connections: string };

/** The folders of this repository. */
export const repositoryFiles: JobFiles = {
  jobs: 'infra/jobs',
  scripts: 'infra/scripts',
  tools: 'lib/tools',
  holidays: 'infra/holidays',
  connections: 'infra/connections',
};

/** All jobs, all scripts by name, and all connections. */
export type Declared = { jobs: Job[]; scripts: Record<string, Script>; connections: Connection[] };

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
 * Reads and checks all job files. Throws InvalidJob with one line per problem: file, line, field and what was expected.
 * If `now` is given, a job that would never run again is a problem too.
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
  const [scriptFiles, toolFiles, holidayFiles, connectionFiles] = await Promise.all([
    list(files.scripts, yaml),
    list(files.tools, /^\w+\.ts$/),
    list(files.holidays, yaml),
    list(files.connections, yaml),
  ]);
  const connectionResults = await Promise.all(
    connectionFiles.map(async (file) => readConnectionFile(await readSource(join(files.connections, file)))),
  );
  const connections = connectionResults.flatMap((result) => ('connection' in result ? [result.connection] : []));
  const holidayLists = await Promise.all(holidayFiles.map((file) => readHolidayFile(join(files.holidays, file))));
  const referable = {
    tools: toolFiles.map((file) => file.replace(/\.ts$/, '')),
    // A holiday file with problems counts as existing, so that only its own problems are reported.
    holidays: Object.fromEntries(
      holidayLists.map((list, at) => [stem(holidayFiles[at] ?? ''), 'dates' in list ? list.dates : []]),
    ),
    // So does a connection file.
    connections: Object.fromEntries([
      ...connectionFiles.map((file) => [stem(file), []]),
      ...connections.map((one) => [one.name, toolNamesOf(one)]),
    ]),
    clash: clashOf(connections),
    now,
  };
  const jobResults = await Promise.all(
    jobFiles.map(async (file) => {
      const path = join(files.jobs, file);
      const given = unwritten[file];
      const source = given === undefined ? await readSource(path) : readYaml(path, given);
      const result = readJobFile(source, referable);
      const broken = await brokenReferences(source, scriptFiles.map(stem));
      const problems = [...('problems' in result ? result.problems : []), ...broken];
      return problems.length > 0 ? { problems } : result;
    }),
  );
  const scripts = await Promise.all(scriptFiles.map((file) => readScriptFile(join(files.scripts, file))));
  const problems = [
    ...(await Promise.all([files.jobs, files.scripts, files.holidays, files.connections].map(otherEndings))).flat(),
    ...duplicates(files.jobs, jobFiles, 'job'),
    ...duplicates(files.holidays, holidayFiles, 'holiday file'),
    ...duplicates(files.connections, connectionFiles, 'connection'),
    ...[...jobResults, ...scripts, ...holidayLists, ...connectionResults].flatMap((result) =>
      'problems' in result ? result.problems : [],
    ),
  ];
  if (problems.length > 0) throw new Failure('InvalidJob', problems.map(problemText).join('\n'));
  return {
    jobs: jobResults.flatMap((result) => ('job' in result ? [result.job] : [])),
    scripts: Object.fromEntries(
      scripts.flatMap((result, at) => ('script' in result ? [[stem(scriptFiles[at] ?? ''), result.script]] : [])),
    ),
    connections,
  };
};

const clashOf =
  (connections: Connection[]) =>
  (name: string, other: string): string | undefined => {
    const [one, two] = [name, other].map((wanted) => connections.find((each) => each.name === wanted));
    const host = one && two ? sharedHost(one, two) : undefined;
    if (host === undefined) return undefined;
    return `${name} and ${other} both have the host ${host}, expected one of them: it would not be known whose credential a request gets`;
  };

/** Reads a file as YAML. A file that is not UTF-8 is a problem. */
const readSource = async (path: string): Promise<Source> => {
  const bytes = await readFile(path);
  const source = readYaml(path, bytes.toString());
  return isUtf8(bytes) ? source : { ...source, value: undefined, problems: [notUtf8(path, bytes)] };
};

/** Files whose ending is not in small letters: some systems show them like the others, and none would be read. */
const otherEndings = async (directory: string): Promise<Problem[]> =>
  (await list(directory, /\.ya?ml$/i))
    .filter((file) => !yaml.test(file))
    .map((file) => ({
      file: join(directory, file),
      line: 1,
      column: 1,
      path: '',
      message: 'found an ending in capitals, expected .yml',
    }));

const readScriptFile = async (path: string): Promise<{ script: Script } | { problems: Problem[] }> => {
  const source = await readSource(path);
  if (source.problems.length > 0) return { problems: source.problems };
  const read = Script.safeParse(source.value, { error: inOurWords });
  return read.success ? { script: read.data } : { problems: issueProblems(source, read.error.issues, Script) };
};

const readHolidayFile = async (path: string): Promise<ReturnType<typeof holidays>> => holidays(await readSource(path));

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

/** The fields that refer to other files. They are read even if the rest of the job is invalid. */
const References = z.object({
  model: z.string().optional().catch(undefined),
  result: z.record(z.string(), z.unknown()).optional().catch(undefined),
});

/** Problems that the job's schema cannot see: a script that does not exist, or a `result` that is no JSON Schema. */
const brokenReferences = async (source: Source, scripts: string[]): Promise<Problem[]> => {
  const { model, result } = References.safeParse(source.value).data ?? {};
  const id = parseModelId(model ?? '');
  const missing = id?.provider === 'scripted' && !scripts.includes(id.model);
  const expected = scripts.length > 0 ? `expected one of ${scripts.join(', ')}` : 'and there is no other script';
  const problems = missing ? [source.at(['model'], `no script scripts/${id.model}.yml, ${expected}`)] : [];
  try {
    await resultReader(result);
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    problems.push(source.at(['result'], thrown.message));
  }
  return problems;
};

/**
 * Writes `jobs/`, `scripts/` and `connections/`, a file each, and the names of the jobs in `jobs.json`, which the functions read at run time. It
 * builds a new directory first, then replaces the old one.
 */
export const writeConfig = async (
  directory: string,
  { jobs, scripts, connections = [] }: Pick<Declared, 'jobs' | 'scripts'> & Partial<Declared>,
): Promise<void> => {
  const fresh = `${directory}.${process.pid}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(join(fresh, 'scripts'), { recursive: true });
  await mkdir(join(fresh, 'jobs'));
  await mkdir(join(fresh, 'connections'));
  const write = (file: string, value: unknown) => writeFile(join(fresh, file), JSON.stringify(value, null, 1));
  await write(
    'jobs.json',
    jobs.map(({ name }) => name),
  );
  for (const job of jobs) await write(`jobs/${job.name}.json`, job);
  for (const connection of connections) await write(`connections/${connection.name}.json`, connection);
  for (const [name, script] of Object.entries(scripts)) await write(`scripts/${name}.json`, script);
  await rm(directory, { recursive: true, force: true });
  await rename(fresh, directory);
};
