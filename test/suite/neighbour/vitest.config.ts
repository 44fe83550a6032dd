import { defineConfig } from 'vitest/config';
import { evidenceOf } from '../evidence/evidence-reporter.ts';

export default defineConfig({
  test: {
    include: ['test/suite/neighbour/*.neighbour.ts'],
    allowOnly: !process.env.CI,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    reporters: ['default', evidenceOf('test-neighbour')],
  },
});
