import { appendFileSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { bundleCache } from '../../infra/local/daemon/bundle-cache.ts';
import { definitionCache } from '../../infra/local/step-functions/definition-cache.ts';
import { parseDefinition } from '../../infra/local/step-functions/machine.ts';
import { functionNames } from '../../infra/package/build.ts';
import { oneTask } from '../kit/local-service.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';

const shared = "export const word = 'shared';\n";
const says = (file: string, up: string) =>
  `import { word } from '${up}/lib/word.ts'; export const said = word + ' ${file}';\n`;

/** A project of a few lines, with every part that a bundle is made of. */
const project = (): string => {
  const root = temporaryDirectory();
  const files = {
    'infra/cli/program.ts': says('program', '../..'),
    'infra/local/daemon/daemon.ts': says('daemon', '../../..'),
    'infra/local/lambda/worker.ts': says('worker', '../../..'),
    'lib/word.ts': shared,
    'infra/package/build.ts': '',
    'infra/run.asl.json': '{}',
    'infra/table.yml': '',
    'package-lock.json': '{}',
    ...Object.fromEntries(functionNames.map((name) => [`functions/${name}.ts`, `export const name = '${name}';\n`])),
  };
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
};

const names = (root: string): string[] => readdirSync(join(root, '.build'));

test('the bundle cache bundles a state of the code once for concurrent requests', async () => {
  const root = project();
  const [dir = '', ...others] = await Promise.all([1, 2, 3, 4].map(() => bundleCache(root)));
  expect(new Set(others)).toEqual(new Set([dir]));
  expect(names(root)).toHaveLength(1);
  expect((await import(join(dir, 'program.mjs'))).said).toBe('shared program');
  expect((await import(join(dir, 'settle.mjs'))).name).toBe('settle');
  writeFileSync(join(dir, 'kept'), '');
  expect(await bundleCache(root)).toBe(dir);
  expect(readdirSync(dir)).toContain('kept');
});

test.each([
  'lib/word.ts',
  'functions/attempt.ts',
  'infra/local/daemon/daemon.ts',
  'infra/run.asl.json',
  'package-lock.json',
])('the bundle cache bundles again when %s has changed, and keeps bundles that a service may run', async (path) => {
  const root = project();
  const before = await bundleCache(root);
  appendFileSync(join(root, path), '\n');
  const after = await bundleCache(root);
  expect(after).not.toBe(before);
  expect(names(root)).toHaveLength(2);
});

test('the bundle cache removes bundles that were unused for a day, and no others', async () => {
  const root = project();
  const stale = await bundleCache(root);
  const other = join(root, '.build/attempt');
  mkdirSync(other);
  const longAgo = new Date(Date.now() - 2 * 86_400_000);
  for (const path of [stale, other]) utimesSync(path, longAgo, longAgo);
  appendFileSync(join(root, 'lib/word.ts'), '\n');
  const fresh = await bundleCache(root);
  expect(
    names(root)
      .map((name) => join(root, '.build', name))
      .sort(),
  ).toEqual([other, fresh].sort());
});

test('the bundle cache keeps used bundles, however old they are', async () => {
  const root = project();
  const old = await bundleCache(root);
  const longAgo = new Date(Date.now() - 2 * 86_400_000);
  utimesSync(old, longAgo, longAgo);
  expect(await bundleCache(root)).toBe(old);
  appendFileSync(join(root, 'lib/word.ts'), '\n');
  await bundleCache(root);
  expect(names(root)).toHaveLength(2);
});

test('the bundle cache reports where code cannot be bundled, and leaves no partial bundle', async () => {
  const root = project();
  writeFileSync(join(root, 'lib/word.ts'), 'export const word =\n');
  await expect(bundleCache(root)).rejects.toThrow(/lib\/word\.ts:2:0: ERROR/);
  expect(names(root)).toEqual([]);
});

test('the bundle cache says what to do where its directory cannot be written', async () => {
  const root = project();
  writeFileSync(join(root, '.build'), '');
  await expect(bundleCache(root)).rejects.toThrow(/\.build cannot hold .*: use a checkout that this user may write to/);
});

test('the definition cache tells other processes that a definition is valid, never that one is invalid', () => {
  const dir = temporaryDirectory();
  const arns = { OnlyArn: 'arn:aws:lambda:eu-west-1:000000000000:function:only' };
  const wrong = JSON.stringify({ StartAt: 'Nowhere', States: {} });
  for (const _ of ['once', 'again']) expect(() => parseDefinition(wrong, {}, definitionCache(dir))).toThrow('invalid');
  expect(readdirSync(dir)).toEqual([]);
  parseDefinition(oneTask(), arns, definitionCache(dir));
  expect(readdirSync(dir)).toHaveLength(1);
  const later = definitionCache(dir);
  const asked: boolean[] = [];
  const heard = { has: (text: string) => asked.push(later.has(text)) > 0 && later.has(text), add: later.add };
  expect(parseDefinition(oneTask(), arns, heard).StartAt).toBe('Only');
  expect(() => parseDefinition(wrong, {}, heard)).toThrow('invalid');
  expect(asked).toEqual([true, false]);
});

test('the definition cache checks a definition every time where the cache is not writable', () => {
  const file = join(temporaryDirectory(), 'file');
  writeFileSync(file, '');
  const arns = { OnlyArn: 'arn:aws:lambda:eu-west-1:000000000000:function:only' };
  for (const _ of ['once', 'again'])
    expect(parseDefinition(oneTask(), arns, definitionCache(file)).StartAt).toBe('Only');
  expect(() => parseDefinition('{"StartAt":"Nowhere","States":{}}', {}, definitionCache(file))).toThrow('invalid');
});
