import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: 'test/kit/packaged.ts',
    include: ['test/**/*.test.ts'],
    allowOnly: !process.env.CI,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
