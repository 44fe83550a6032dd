import { defineConfig } from 'vitest/config';
import { evidenceOf } from '../evidence/evidence-reporter.ts';

export default defineConfig({
  test: {
    globalSetup: 'test/suite/deploy/deploy-setup.ts',
    include: ['test/suite/deploy/**/*.deploy.ts'],
    allowOnly: !process.env.CI,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: 'forks',
    maxWorkers: 2,
    reporters: ['default', evidenceOf('test-deploy')],
  },
});
