import { defineConfig } from 'vitest/config';
import { evidenceOf } from '../evidence/reporter.ts';

export default defineConfig({
  test: {
    globalSetup: 'test/deploy/setup.ts',
    include: ['test/deploy/**/*.deploy.ts'],
    allowOnly: !process.env.CI,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: 'forks',
    maxWorkers: 2,
    reporters: ['default', evidenceOf('test-deploy')],
  },
});
