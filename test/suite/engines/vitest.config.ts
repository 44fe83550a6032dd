import { defineConfig } from 'vitest/config';
import { evidenceOf } from '../evidence/evidence-reporter.ts';

export default defineConfig({
  test: {
    globalSetup: 'test/suite/engines/engines-setup.ts',
    include: ['test/suite/engines/**/*.engine.ts'],
    allowOnly: !process.env.CI,
    testTimeout: 120_000,
    hookTimeout: 300_000,
    pool: 'forks',
    maxWorkers: 2,
    reporters: ['default', evidenceOf('test-engines')],
  },
});
