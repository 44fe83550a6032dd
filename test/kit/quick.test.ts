import { globSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { quickTests } from './quick.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const planted = (files: Record<string, string>): string[] => {
  const dir = temporaryDirectory();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(dir, dirname(path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  return quickTests(dir).map((path) => path.slice(dir.length + 1));
};

/** A call as text. Written out, it would make this file a slow one. */
const call = (name: string, given = ''): string => `const made = ${name}(${given});`;

const slow = {
  'a process': "import { spawn } from 'node:child_process';",
  'a thread': "import { Worker } from 'node:worker_threads';",
  'a bundler': "import {\n  build,\n} from 'esbuild';",
  'a store': "import dynalite from 'dynalite';",
  'an engine': "export { StateMachine } from 'aws-local-stepfunctions';",
  'a server': call('createServer'),
  'the bundles': call('inject', "'functions'"),
  'a module loaded later': call('await import', "'node:child_process'"),
};

test.each(Object.entries(slow))('a test that needs %s is not a quick test, at any depth of imports', (_, text) => {
  const files = {
    'near.test.ts': text,
    'far.test.ts': "import { one } from './kit/one.ts';",
    'kit/one.ts': "export { two as one } from '../two.ts';",
    'two.ts': text,
    'type.test.ts': "import type { Two } from './two.ts';\nimport { expect } from 'vitest';",
    'two.test.txt': '',
  };
  expect(planted(files)).toEqual(['type.test.ts']);
});

test('quick tests are nearly half of all tests, without flows and contracts', () => {
  const quick = quickTests('test');
  expect(quick.length).toBeGreaterThan(globSync('test/**/*.test.ts').length * 0.45);
  expect(quick.filter((path) => /\.(flow|contract)\.test\.ts$/.test(path))).toEqual([]);
  expect(quick).toContain('test/watch/watchman.test.ts');
});
