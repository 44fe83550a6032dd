import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporaryDirectory } from './kit/temporary-directory.ts';

type Violation = { rule: { name: string }; from: string; to: string };

const cruise = async (cwd: string): Promise<{ modules: number; broken: string[] }> => {
  const args = ['--config', resolve('.dependency-cruiser.cjs'), '--output-type', 'json', '.'];
  const bin = resolve('node_modules/.bin/depcruise');
  const { stdout } = await promisify(execFile)(bin, args, { cwd, maxBuffer: 1e8 }).catch((thrown) => thrown);
  const { violations, totalCruised } = JSON.parse(stdout).summary;
  const broken = violations.map(({ rule, from, to }: Violation) => `${rule.name}: ${from} -> ${to}`);
  return { modules: totalCruised, broken };
};

/** A tree of small files: path → the files it imports, or a package, or a path that leads nowhere. */
const plant = (files: Record<string, string[]>): string => {
  const dir = temporaryDirectory();
  for (const [path, imports] of Object.entries(files)) {
    mkdirSync(join(dir, dirname(path)), { recursive: true });
    const from = (to: string) => (to.endsWith('.ts') ? `./${relative(dirname(path), to)}`.replace('./..', '..') : to);
    const lines = imports.map((to, at) => `import * as i${at} from '${from(to)}';\nexport const u${at} = i${at};`);
    writeFileSync(join(dir, path), [...lines, 'export const here = true;'].join('\n'));
  }
  return dir;
};

/** The layout, written here a second time on purpose: the rooms that each room may import. */
const arrows: Record<string, string[]> = {
  'lib/schedule': ['lib'],
  'lib/job': ['lib', 'lib/schedule'],
  'lib/run': ['lib', 'lib/schedule', 'lib/job'],
  'lib/connection': ['lib', 'lib/job'],
  'lib/policy': ['lib', 'lib/schedule', 'lib/job', 'lib/run'],
  'lib/agent': ['lib', 'lib/job', 'lib/run', 'lib/connection'],
  'lib/lifecycle': ['lib', 'lib/schedule', 'lib/job', 'lib/run', 'lib/policy'],
  'lib/watch': ['lib', 'lib/schedule', 'lib/job', 'lib/run', 'lib/policy', 'lib/lifecycle'],
  'lib/report': [
    ...['lib', 'lib/schedule', 'lib/job', 'lib/run', 'lib/policy'],
    ...['lib/connection', 'lib/agent', 'lib/lifecycle', 'lib/watch'],
  ],
  'lib/tools': ['lib', 'lib/run', 'lib/agent'],
  lib: [],
};
const infraArrows: Record<string, string[]> = {
  'infra/stack': [],
  'infra/package': ['infra/stack'],
  'infra/local': ['infra/stack', 'infra/package'],
  'infra/cli/contract': [],
  'infra/cli/print': [],
  'infra/cli/client': ['infra/local'],
  'infra/cli/dev': ['infra/local', 'infra/cli/client', 'infra/cli/contract', 'infra/cli/print'],
  'infra/cli/command': ['infra/local', 'infra/cli/client', 'infra/cli/contract', 'infra/cli/dev', 'infra/cli/print'],
  'infra/cli': [
    ...['infra/local', 'infra/cli/client', 'infra/cli/command'],
    ...['infra/cli/contract', 'infra/cli/dev', 'infra/cli/print'],
  ],
  'infra/docs': ['infra/stack', 'infra/package', 'infra/cli', 'infra/cli/contract', 'infra/cli/print'],
};
const outside = ['lib/io/store', 'functions', 'infra/stack', 'test'];

const target = (room: string): string => `${room}/target.ts`;
const ruleOf = (room: string): string => `room-${room.replace(/^(lib|infra)\//, '').replace('/', '-')}`;
const pairs = (rooms: Record<string, string[]>, others: string[]) =>
  Object.entries(rooms).flatMap(([room, uses]) =>
    [...Object.keys(rooms), ...others].filter((to) => to !== room).map((to) => ({ room, to, may: uses.includes(to) })),
  );
const all = [...pairs(arrows, outside), ...pairs(infraArrows, ['functions', 'test'])];
const source = ({ room, to }: { room: string; to: string }): string => `${room}/uses-${to.replaceAll('/', '-')}.ts`;
const targets = [...new Set(all.map(({ to }) => to))].map((to) => [target(to), []] as const);

test('the import rules accept every import that the layout allows', async () => {
  const good = all.filter(({ may }) => may).map((pair) => [source(pair), [target(pair.to)]] as const);
  const files = Object.fromEntries<string[]>([
    ...targets.map(([path]) => [path, []] as [string, string[]]),
    ...good.map(([path, imports]) => [path, [...imports]] as [string, string[]]),
    ['functions/settle.ts', ['lib/lifecycle/target.ts', 'lib/io/store/target.ts']],
    ['lib/io/model/reads.ts', ['lib/agent/target.ts', 'lib/io/store/target.ts']],
    ['test/lifecycle/settle.test.ts', ['lib/lifecycle/target.ts', 'infra/local/target.ts']],
  ]);
  const { modules, broken } = await cruise(plant(files));
  expect(broken).toEqual([]);
  expect(modules).toBe(Object.keys(files).length);
});

test('the import rules reject every import that the layout does not allow', async () => {
  const bad = all.filter(({ may }) => !may);
  expect(bad.length).toBeGreaterThan(100);
  const files = Object.fromEntries<string[]>([
    ...targets.map(([path]) => [path, []] as [string, string[]]),
    ...bad.map((pair) => [source(pair), [target(pair.to)]] as [string, string[]]),
  ]);
  const { broken } = await cruise(plant(files));
  for (const pair of bad) expect(broken).toContain(`${ruleOf(pair.room)}: ${source(pair)} -> ${target(pair.to)}`);
});

/** Imports that break a rule outside the rooms of lib and infra. */
const planted: [rule: string, file: string, to: string][] = [
  ['no-circular', 'lib/run/one.ts', 'lib/run/two.ts'],
  ['not-resolvable', 'lib/agent/next-step.ts', 'lib/agent/gone.ts'],
  ['room-is-declared', 'lib/attic/word.ts', 'lib/failure.ts'],
  ['room-is-declared', 'infra/attic/word.ts', 'lib/failure.ts'],
  ['lib-without-network', 'lib/run/effect.ts', 'node:fs/promises'],
  ['lib-without-network', 'lib/tools/open.ts', 'node:https'],
  ['room-io', 'lib/io/store/steps.ts', 'functions/settle.ts'],
  ['room-io', 'lib/io/web/place.ts', 'infra/local/service.ts'],
  ['functions-wire', 'functions/triage.ts', 'functions/settle.ts'],
  ['functions-wire', 'functions/attempt.ts', 'lib/tools/look.ts'],
  ['functions-wire', 'functions/watchman.ts', 'infra/local/service.ts'],
  ['functions-apart', 'infra/stack/alarms.ts', 'functions/settle.ts'],
  ['tests-stay-out', 'infra/package/build.ts', 'test/settle.test.ts'],
];

test('the import rules reject cycles, unresolved imports, undeclared rooms, network in lib and imports of a function', async () => {
  const leaves = [
    'lib/failure.ts',
    'lib/tools/look.ts',
    'functions/settle.ts',
    'infra/local/service.ts',
    'test/settle.test.ts',
  ];
  const files = Object.fromEntries<string[]>([
    ...leaves.map((path) => [path, []] as [string, string[]]),
    ['lib/run/two.ts', ['lib/run/one.ts']],
    ...planted.map(([, file, to]) => [file, [to]] as [string, string[]]),
  ]);
  const { broken } = await cruise(plant(files));
  for (const [rule, file] of planted) expect(broken.map((line) => line.split(' -> ')[0])).toContain(`${rule}: ${file}`);
});

const listed = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(dir, name));

/** These run against a DynamoDB engine: the one contract of all stores, `test/io/store/stores.contract.test.ts`, is their test. */
const contractTested = [
  'attempts',
  'checkpoints',
  'effects',
  'job-states',
  'runs',
  'sessions',
  'slot-ranges',
  'stores',
  'table',
];

test('every file of lib, adapters included, has a test of the same name in the same room', () => {
  const tests = listed('test').filter((path) => path.endsWith('.test.ts'));
  const isTested = (room: string, word: string) =>
    tests.some((one) => dirname(one) === join('test', room) && basename(one).split('.')[0] === word);
  const untested = listed('lib')
    .filter((path) => !path.startsWith('lib/tools/'))
    // A file of types alone has nothing to run.
    .filter((path) => /^export (const|class|function)/m.test(readFileSync(path, 'utf8')))
    .filter((path) => {
      const room = dirname(path).replace(/^lib\/?/, '');
      const word = basename(path, '.ts');
      const byContract = room === 'io/store' && contractTested.includes(word);
      return !isTested(room, byContract ? 'stores' : word);
    });
  expect(untested).toEqual([]);
});

test('every store that counts as tested by the contract is one of the stores that the contract opens', () => {
  const opened = readFileSync('lib/io/store/stores.ts', 'utf8');
  const adapters = contractTested.filter((word) => word !== 'stores');
  expect(adapters.filter((word) => !opened.includes(`from './${word}.ts'`))).toEqual([]);
  expect(readFileSync('test/kit/contract/store-bench.ts', 'utf8')).toContain("lib/io/store/stores.ts'");
});

test('no two helpers in test/kit and test/suite share a file name', () => {
  const helpers = [...listed('test/kit'), ...listed('test/suite')].filter((path) => !path.endsWith('.test.ts'));
  // Vitest gives its configuration files their name.
  const names = helpers.map((path) => basename(path)).filter((name) => name !== 'vitest.config.ts');
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  const loose = readdirSync('test').filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  expect(loose).toEqual([]);
});

test('every function is short enough to read', () => {
  for (const file of readdirSync('functions')) {
    const lines = readFileSync(join('functions', file), 'utf8').trimEnd().split('\n');
    expect(lines.length, file).toBeLessThanOrEqual(30);
  }
});
