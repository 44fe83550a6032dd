import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { blocksOf, documents, textOf } from '../kit/documents.ts';
import { repository } from '../kit/project.ts';

const { scripts } = JSON.parse(textOf('package.json'));

/** Commands that these tests cannot run, each with the reason. */
const unplayed: Record<string, string> = {
  'aws ssm put-parameter': 'needs an AWS account; played once with the AWS CLI against a server on loopback',
  'aws sqs receive-message': 'needs an AWS account',
  'aws sqs delete-message': 'needs an AWS account',
  'aws lambda invoke': 'needs an AWS account',
  'aws logs tail': 'needs an AWS account',
  'aws ssm delete-parameter': 'needs an AWS account',
  'aws dynamodb update-table': 'needs an AWS account',
  'aws dynamodb delete-table': 'needs an AWS account',
  'aws stepfunctions stop-execution': 'needs an AWS account',
  'npx osls deploy': 'needs an AWS account; test/suite/deploy plays it on an emulated one',
  'npx osls remove': 'needs an AWS account',
  'ollama pull': 'downloads a model; test/docs/first-job.flow.test.ts plays its server',
  'read -rs': 'asks a person',
  'printf %s': 'the shell',
  export: 'the shell',
  unset: 'the shell',
};

type Line = { where: string; command: string };

const commandsOf = (text: string): string[] =>
  text
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .flatMap((line) => line.replace(/(^|\s)#.*$/, '').split(/&&|\|/))
    .map((command) => command.trim())
    .filter((command) => command !== '');

/** Every command of a shell block, and every command in backticks. */
const lines: Line[] = documents.flatMap((file) => [
  ...blocksOf(file)
    .filter(({ kind }) => kind === 'sh')
    .flatMap(({ line, text }) => commandsOf(text).map((command) => ({ where: `${file}:${line}`, command }))),
  ...[...textOf(file).matchAll(/`((?:npx nightshift|npm run) [^`\n]+)`/g)].flatMap(([, text = '']) =>
    commandsOf(text).map((command) => ({ where: file, command })),
  ),
]);

const nightshift = (args: string[]) =>
  promisify(execFile)(process.execPath, [join(repository, 'infra/cli/nightshift.mjs'), ...args]);

const words = (command: string): string[] => command.match(/"[^"]*"|<[^>]*>|\S+/g) ?? [];

type Usage = { least: number; most: number; options: Map<string, boolean> };

/** What the program itself says of a command: how many arguments it takes, and its options and whether each has a value. */
const usages = new Map<string, Promise<Usage>>();
const usageOf = (command: string): Promise<Usage> => {
  const known = usages.get(command);
  if (known) return known;
  const read = nightshift([command, '--help']).then(({ stdout }) => {
    const usage = /^Usage: nightshift (.*)$/m.exec(stdout)?.[1] ?? '';
    if (!usage.startsWith(`${command} `)) throw new Error(`nightshift ${command}: no such command`);
    const required = usage.match(/<[^>]+>/g)?.length ?? 0;
    const optional = usage.match(/\[(?!options\])[^\]]+\]/g)?.length ?? 0;
    const most = usage.includes('...') ? Number.POSITIVE_INFINITY : required + optional;
    const options = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)(?: (<|\[))?/gm)].map(
      ([, name = '', value]): [string, boolean] => [name, value !== undefined],
    );
    return { least: required, most, options: new Map(options) };
  });
  usages.set(command, read);
  return read;
};

/** The words of a command without the values of its options. */
const withoutValues = (given: string[], options: Map<string, boolean>): string[] =>
  given.filter((_, at) => !options.get(given[at - 1] ?? ''));

/** The problems of a line of nightshift, one sentence each. */
const wrongWith = async (command: string): Promise<string[]> => {
  const [name = '', ...rest] = words(command).slice(2);
  if (/^[<…]/.test(name)) return [];
  if (name.startsWith('--')) return ['--version', '--help'].includes(name) ? [] : [`unknown option ${name}`];
  const { least, most, options } = await usageOf(name);
  const [flags, given] = [true, false].map((flag) =>
    withoutValues(rest, options).filter((word) => word.startsWith('--') === flag),
  ) as [string[], string[]];
  const few = given.length < least || given.length > most;
  return [
    ...flags.filter((flag) => !options.has(flag)).map((flag) => `unknown option ${flag}`),
    ...(few ? [`found ${given.length} arguments, expected ${least} to ${most}`] : []),
  ];
};

test('every npm command of a document is a script of the project', () => {
  const named = lines.flatMap(({ where, command }) => {
    const [, name] = /^npm (?:run )?(?:--silent )?([\w:-]+)/.exec(command) ?? [];
    return name === undefined || name === 'ci' ? [] : [{ where, name }];
  });
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter(({ name }) => !Object.hasOwn(scripts, name))).toEqual([]);
});

test('every nightshift command of a document has arguments and options that the program accepts', async () => {
  const ours = lines.filter(({ command }) => command.startsWith('npx nightshift '));
  expect(ours.length).toBeGreaterThan(30);
  const found = await Promise.all(
    ours.map(async ({ where, command }) =>
      (await wrongWith(command)).map((problem) => `${where}: ${command}: ${problem}`),
    ),
  );
  expect(found.flat()).toEqual([]);
});

test('every other command of a document is listed with the reason why it does not run in the tests', () => {
  const known = [...Object.keys(unplayed), 'npm', 'npx nightshift'];
  const unknown = lines.filter(({ command }) => !known.some((start) => `${command} `.startsWith(`${start} `)));
  expect(unknown).toEqual([]);
});

test('no command of a document contains a secret in its arguments', () => {
  const keys = lines.filter(({ command }) => /--value (?!file:)|API_KEY=|put-secret-value/.test(command));
  expect(keys).toEqual([]);
});

test('`npx nightshift check` accepts the job files of the repository', async () => {
  expect((await nightshift(['check'])).stdout).toMatch(/good/);
});
