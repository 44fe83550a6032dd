import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, relative, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { parse } from 'yaml';
import { type Declared, readJobs, repositoryFiles, writeConfig } from '../../lib/io/files/job-files.ts';
import { bundle, bundleDir, type FunctionName, functionNames, pack } from './build.ts';
import { oversize, type Size, size, sizeTable } from './size.ts';
import { templateProblems } from './validate.ts';

/** How much code the cold start of each function may read, in bytes. */
const limits: Record<FunctionName, number> = {
  dispatch: 600_000,
  attempt: 1_200_000,
  triage: 600_000,
  settle: 600_000,
  watchman: 600_000,
};

/** Problems that stop packaging, one per line of the message. */
const stop = (title: string, problems: string[]): void => {
  if (problems.length > 0) throw new Error(`${title}\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
};

/** The jobs and scripts of the project at `root`. Throws InvalidJob with everything that is wrong by `now`, a line each. */
export const declared = (root: string, now?: Date): Promise<Declared> => {
  const here = (path: string) => relative('.', join(root, path));
  const { jobs, scripts, tools, holidays } = repositoryFiles;
  return readJobs({ jobs: here(jobs), scripts: here(scripts), tools: here(tools), holidays: here(holidays) }, now);
};

/** What a function reads at run time lies in `config/` of its archive: the jobs where slots are handled, the scripts where they are played. */
const configure = async (root: string, { jobs, scripts }: Declared): Promise<void> => {
  for (const name of ['dispatch', 'watchman'] as const)
    await writeConfig(join(bundleDir(root, name), 'config'), { jobs, scripts: {} });
  await writeConfig(join(bundleDir(root, 'attempt'), 'config'), { jobs: [], scripts });
};

/** Archives what is bundled of the project at `root`, each function with what it reads at run time. */
export const packFunctions = async (root: string, found: Declared): Promise<void> => {
  await configure(root, found);
  for (const name of functionNames) await pack(bundleDir(root, name));
};

/** Bundles and archives every function of the project at `root` into `.build/`. Throws with a sentence for each one too large. */
const buildFunctions = async (root: string, found: Declared): Promise<Record<string, Size>> => {
  const bundled = await Promise.all(functionNames.map(async (name) => [name, size(await bundle(root, name))] as const));
  const sizes = Object.fromEntries(bundled);
  stop('A function is too large.', oversize(sizes, limits));
  await packFunctions(root, found);
  return sizes;
};

const osls = createRequire(import.meta.url).resolve('osls/bin/serverless.js');
/** What osls writes and CloudFormation is given. */
export const templatePath = (root: string): string =>
  join(root, '.serverless/cloudformation-template-update-stack.json');

/** Makes the CloudFormation template with osls, offline, and has AWS's validator read it. `args` are for osls: `--stage prod`. */
export const synthesize = async (root: string, args: string[]): Promise<void> => {
  try {
    await promisify(execFile)(process.execPath, [osls, 'package', ...args], { cwd: root });
  } catch (thrown) {
    const { stdout = '', stderr = '' } = Object(thrown);
    const said = `${stdout}${stderr}`.replace(/^ +at .*\n/gm, '').trim();
    throw new Error(`osls could not package the service.\n${said}`, { cause: thrown });
  }
  stop("The template does not pass AWS's validator.", templateProblems(templatePath(root)));
};

type Parameters = { defaults: Record<string, string>; given: Record<string, string> };

/** The parameters that serverless.yml declares, and those given as `--param name=value`. */
export const parameters = async (root: string, args: string[]): Promise<Parameters> => {
  const service = parse(await readFile(join(root, 'serverless.yml'), 'utf8'), { logLevel: 'error' });
  const { param } = parseArgs({ args, strict: false, options: { param: { type: 'string', multiple: true } } }).values;
  const given = [param ?? []].flat().map((text): [string, string] => {
    const [name = '', ...value] = String(text).split('=');
    return [name, value.join('=')];
  });
  return { defaults: service.params.default, given: Object.fromEntries(given) };
};

/** One sentence for each `--param` that serverless.yml does not declare: osls would ignore it without a word. */
const unknownParams = ({ defaults, given }: Parameters): string[] =>
  Object.keys(given)
    .filter((name) => !Object.hasOwn(defaults, name))
    .map((name) => `--param: found ${name}, expected ${Object.keys(defaults).join(', ')}`);

/** A warning where no alarm would reach a person. */
export const alarmWarnings = ({ defaults, given }: Parameters): string[] => {
  if (given.alarmEmail ?? defaults.alarmEmail) return [];
  const how = 'To set one, add: --param alarmEmail=you@example.com';
  return [`Warning: alarms have no e-mail address, so they reach no mailbox. ${how}`];
};

/** Packages the project at `root`, saying what was done. What an earlier run made is gone first, so that nothing stale is deployed. */
const packageService = async (root: string, args: string[]): Promise<void> => {
  await rm(join(root, '.serverless'), { recursive: true, force: true });
  const params = await parameters(root, args);
  stop('A parameter is not known.', unknownParams(params));
  const found = await declared(root, new Date());
  const scheduled = found.jobs.filter((job) => job.enabled).length;
  console.log(`Every job file is valid: ${found.jobs.length} declared, ${scheduled} scheduled.`);
  console.log(sizeTable(await buildFunctions(root, found)));
  console.log('The functions are bundled and within their limits.');
  await synthesize(root, args);
  console.log(`The template passes AWS's validator: ${templatePath(root)}`);
  const steps = [`npm run diff -- ${args.join(' ')}`, `npx osls deploy --package .serverless ${args.join(' ')}`];
  for (const warning of alarmWarnings(params)) console.warn(warning);
  console.log(`To deploy it: ${steps.map((step) => step.trimEnd()).join(' && ')}`);
};

if (import.meta.main) {
  await packageService(resolve('.'), process.argv.slice(2)).catch((thrown: unknown) => {
    console.error(thrown instanceof Error ? thrown.message : thrown);
    process.exitCode = 1;
  });
}
