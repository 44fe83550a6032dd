import { defineConfig } from 'vitest/config';
import { quickTests } from './test/kit/quick.ts';

// `npm run test:quick`: the tests that start no process, server, engine or bundler. The list follows from their imports.
export default defineConfig({
  test: {
    include: quickTests('test'),
    setupFiles: 'test/kit/quick-laws.ts',
    allowOnly: !process.env.CI,
    pool: 'threads',
    isolate: false,
    maxWorkers: 2,
    testTimeout: 600_000,
  },
});
