import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, relative, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { parse } from 'yaml';
import { type Declared, type JobFiles, readJobs, repositoryFiles, writeConfig } from '../../lib/io/files/job-files.ts';
import { priceWarnings } from '../../lib/io/model/prices.ts';
import { lastPackage, projectAside, removeAside, replacePackage } from './aside.ts';
import { bundle, bundleDir, type FunctionName, functionNames, pack } from './build.ts';
import { quotaProblems } from './quota.ts';
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
  const entries = Object.entries(repositoryFiles).map(([name, path]) => [name, here(path)]);
  return readJobs(Object.fromEntries(entries) as JobFiles, now);
};

/** What a function reads at run time lies in `config/` of its archive: the jobs where slots are handled, the scripts where they are played. */
const configure = async (root: string, { jobs, scripts, connections }: Declared): Promise<void> => {
  for (const name of ['dispatch', 'watchman'] as const)
    await writeConfig(join(bundleDir(root, name), 'config'), { jobs, scripts: {}, connections: [] });
  await writeConfig(join(bundleDir(root, 'attempt'), 'config'), { jobs: [], scripts, connections });
};

/** Archives each bundled function of the project at `root`, with the configuration it reads, into the package of the project at `to`. */
export const packFunctions = async (root: string, found: Declared, to = root): Promise<void> => {
  await configure(root, found);
  for (const name of functionNames) await pack(bundleDir(root, name), `${bundleDir(to, name)}.zip`);
};

/** Bundles every function of the project at `root`. Throws with a sentence for each one too large. */
const bundleFunctions = async (root: string): Promise<Record<string, Size>> => {
  const bundled = await Promise.all(functionNames.map(async (name) => [name, size(await bundle(root, name))] as const));
  const sizes = Object.fromEntries(bundled);
  stop('A function is too large.', oversize(sizes, limits));
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
  const text = await readFile(templatePath(root), 'utf8');
  stop('AWS would refuse the template.', quotaProblems(JSON.parse(text), Buffer.byteLength(text)));
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

const help = (
  params: string[],
): string => `Usage: npm run package -- [--stage <name>] [--region <name>] [--param <name>=<value>]

Checks every job file, bundles the functions and makes the CloudFormation template, offline.
The last package stays in .serverless until the new one is complete.

  --stage   The stage that the package is for. Default: dev.
  --region  The AWS region. Default: AWS_REGION, or eu-west-1.
  --param   A parameter of serverless.yml: ${params.join(', ')}.
  --help    Shows this text and changes nothing.`;

/** Packages the project at `root` and prints what was done. The last package is replaced when everything passed. */
const packageService = async (root: string, args: string[]): Promise<void> => {
  const params = await parameters(root, args);
  stop('A parameter is not known.', unknownParams(params));
  const found = await declared(root, new Date());
  const scheduled = found.jobs.filter((job) => job.enabled).length;
  console.log(`Every job file is valid: ${found.jobs.length} declared, ${scheduled} scheduled.`);
  console.log(sizeTable(await bundleFunctions(root)));
  console.log('The functions are bundled and within their limits.');
  const aside = await projectAside(root);
  try {
    await packFunctions(root, found, aside);
    await synthesize(aside, args);
    await replacePackage(root, aside);
  } finally {
    await removeAside(aside);
  }
  console.log(`The template passes AWS's validator: ${templatePath(root)}`);
  const steps = [`npm run diff -- ${args.join(' ')}`, `npx osls deploy --package .serverless ${args.join(' ')}`];
  const prices = priceWarnings(found.jobs, new Date(), params.given.openaiCompatibleBaseUrl);
  for (const warning of [...alarmWarnings(params), ...prices.map((text) => `Warning: ${text}`)]) console.warn(warning);
  console.log(`To deploy it: ${steps.map((step) => step.trimEnd()).join(' && ')}`);
};

/** Runs the command in the project at `root`. A failure is printed with what is left to deploy. */
const command = async (root: string, args: string[]): Promise<void> => {
  if (args.includes('--help') || args.includes('-h'))
    return console.log(help(Object.keys((await parameters(root, [])).defaults)));
  try {
    await packageService(root, args);
  } catch (thrown) {
    console.error(thrown instanceof Error ? thrown.message : thrown);
    console.error(await lastPackage(root));
    process.exitCode = 1;
  }
};

if (import.meta.main) await command(resolve('.'), process.argv.slice(2));
