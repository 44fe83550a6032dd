import { execFile } from 'node:child_process';
import { copyFile, glob, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const here = import.meta.dirname;
const pins = [
  ...['package.json', 'package-lock.json'],
  ...['requirements.txt', 'requirements-models.txt', 'requirements-checkov.txt'],
];
/** Where the engines are installed: beside the project's own node_modules, never inside it. */
const home = resolve(here, '../../../.engines');
const stamp = join(home, 'installed');

/** A Python program of the engines: `ministack`, `moto_server`, `cfn-lint`. */
export const python = (program: string): string => join(home, 'venv/bin', program);

/** Python programs whose packages do not fit beside the other engines': each list is complete, and has an environment of its own. */
const apart = ['models', 'checkov'] as const;

/** A Python program of an environment of its own: `litellm` of `models`, `checkov` of `checkov`. */
export const pythonOf = (environment: (typeof apart)[number], program: string): string =>
  join(home, environment, 'bin', program);

/** The folder of a Python package of the model servers. Throws where there is none. */
export const modelPackage = async (name: string): Promise<string> => {
  for await (const found of glob(join(home, 'models/lib/python*/site-packages', name))) return found;
  throw new Error(`${home}/models holds no package ${name}`);
};

/** Finds the npm packages of the engines. */
export const requireEngine = createRequire(join(home, 'package.json'));

const run = async (command: string, args: string[]): Promise<void> => {
  try {
    await promisify(execFile)(command, args, { cwd: home, maxBuffer: 64 * 1024 * 1024 });
  } catch (thrown) {
    const { stdout = '', stderr = '' } = Object(thrown);
    throw new Error(`The engines could not be installed: ${command} ${args.join(' ')}\n${stdout}${stderr}`, {
      cause: thrown,
    });
  }
};

/**
 * Installs what the engine suites need beyond the project's own packages, as pinned beside this file: once, and again when a
 * pin has changed. Needs Python 3.10 with venv, Java 17, a C++ compiler and CMake. Throws with what the failed command said.
 */
export const install = async (): Promise<void> => {
  const pinned = (await Promise.all(pins.map((name) => readFile(join(here, name), 'utf8')))).join('\n');
  if ((await readFile(stamp, 'utf8').catch(() => '')) === pinned) return;
  console.error('Installing the engines (Python and npm packages, about four minutes) …');
  await rm(home, { recursive: true, force: true });
  await mkdir(home, { recursive: true });
  await Promise.all(pins.map((name) => copyFile(join(here, name), join(home, name))));
  await run('python3', ['-m', 'venv', 'venv']);
  await run(python('pip'), ['install', '--quiet', '--disable-pip-version-check', '-r', 'requirements.txt']);
  for (const one of apart) {
    await run('python3', ['-m', 'venv', one]);
    // The list is complete, and a package of `models` would compile another that only its plugin needs.
    const complete = ['--no-deps', '-r', `requirements-${one}.txt`];
    await run(pythonOf(one, 'pip'), ['install', '--quiet', '--disable-pip-version-check', ...complete]);
  }
  await run('npm', ['ci', '--no-audit', '--no-fund']);
  await writeFile(stamp, pinned);
};

if (import.meta.main) await install();
