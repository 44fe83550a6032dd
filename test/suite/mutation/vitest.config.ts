import { defineConfig } from 'vitest/config';
import { quickTests } from '../../kit/quick.ts';

// The quick tests of the product, each file in a process of its own: a mutant that one file loaded must not stay for the next.
export default defineConfig({
  test: {
    include: quickTests('test').filter((file) => !/^test\/(suite|docs|package)\/|rooms\.test/.test(file)),
    setupFiles: 'test/kit/quick-laws.ts',
    testTimeout: 600_000,
  },
});
