import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { place } from './local/place.ts';

type Violation = { rule: { name: string }; from: string; to: string };

const cruise = async (cwd: string): Promise<{ modules: number; broken: string[] }> => {
  const args = ['--config', resolve('.dependency-cruiser.cjs'), '--output-type', 'json', '.'];
  const bin = resolve('node_modules/.bin/depcruise');
  const { stdout } = await promisify(execFile)(bin, args, { cwd, maxBuffer: 1e8 }).catch((thrown) => thrown);
  const { violations, totalCruised } = JSON.parse(stdout).summary;
  return { modules: totalCruised, broken: violations.map(({ rule, from }: Violation) => `${rule.name}: ${from}`) };
};

/** A tree of small files that import each other: path → what it imports. */
const plant = (files: Record<string, string[]>): string => {
  const dir = place();
  for (const [path, imports] of Object.entries(files)) {
    mkdirSync(join(dir, dirname(path)), { recursive: true });
    const lines = imports.map((from, at) => `import * as i${at} from '${from}';\nexport const u${at} = i${at};`);
    writeFileSync(join(dir, path), [...lines, 'export const here = true;'].join('\n'));
  }
  return dir;
};

const clean: Record<string, string[]> = {
  'lib/failure.ts': [],
  'lib/run.ts': ['./failure.ts'],
  'lib/settle.ts': ['./run.ts'],
  'lib/io/runs.ts': ['../run.ts'],
  'lib/tools/look.ts': ['../failure.ts'],
  'functions/settle.ts': ['../lib/settle.ts', '../lib/io/runs.ts'],
  'infra/local/service.ts': ['../../lib/run.ts'],
  'test/settle.test.ts': ['../lib/settle.ts'],
};

test('the import rules find nothing in a tree that keeps them', async () => {
  const { modules, broken } = await cruise(plant(clean));
  expect(broken).toEqual([]);
  expect(modules).toBe(Object.keys(clean).length);
});

/** Who breaks which rule, how. Each has a file of its own. */
const planted: [rule: string, file: string, imports: string[]][] = [
  ['words-forward', 'lib/outcome.ts', ['./settle.ts']],
  ['word-in-order', 'lib/manager.ts', ['./failure.ts']],
  ['no-circular', 'lib/cap.ts', ['./parse.ts']],
  ['words-are-pure', 'lib/step.ts', ['./io/runs.ts']],
  ['words-are-pure', 'lib/session.ts', ['../infra/local/service.ts']],
  ['words-without-network', 'lib/effect.ts', ['node:fs/promises']],
  ['words-without-network', 'lib/tools/open.ts', ['node:https']],
  ['tools-use-words', 'lib/tools/store.ts', ['../io/runs.ts']],
  ['io-below-functions', 'lib/io/steps.ts', ['../../functions/settle.ts']],
  ['functions-wire', 'functions/triage.ts', ['./settle.ts']],
  ['functions-wire', 'functions/attempt.ts', ['../lib/tools/look.ts']],
  ['functions-apart', 'infra/cli.ts', ['../functions/settle.ts']],
  ['infra-stays-out', 'functions/dispatch.ts', ['../infra/local/service.ts']],
  ['tests-stay-out', 'infra/build.ts', ['../test/settle.test.ts']],
  ['not-resolvable', 'lib/turn.ts', ['./gone.ts']],
];

test('the import rules find every planted violation', async () => {
  const files = Object.fromEntries(planted.map(([, file, imports]) => [file, imports]));
  const { broken } = await cruise(plant({ ...clean, ...files, 'lib/parse.ts': ['./cap.ts'] }));
  for (const [rule, file] of planted) expect(broken).toContain(`${rule}: ${file}`);
});

test('every function is short enough to be read at a glance', () => {
  for (const file of readdirSync('functions')) {
    const lines = readFileSync(join('functions', file), 'utf8').trimEnd().split('\n');
    expect(lines.length, file).toBeLessThanOrEqual(30);
  }
});
