import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { evidenceOf } from './test/evidence/reporter.ts';

// What tests start, many times, is compiled once.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '.build/compiled');

export default defineConfig({
  test: {
    globalSetup: 'test/kit/packaged.ts',
    include: ['test/**/*.test.ts'],
    allowOnly: !process.env.CI,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // The words keep no state and every test has a directory of its own, so that files can share a process: it starts once.
    isolate: false,
    maxWorkers: 3,
    reporters: ['default', evidenceOf('test')],
  },
});
