import { defineConfig } from 'vitest/config';
import { evidenceOf } from './test/suite/evidence/evidence-reporter.ts';
import config from './vitest.config.ts';

// `npm run test:package`: the tests that make whole packages with osls or check a whole checkout. `npm run check` runs them too.
export default defineConfig({
  test: {
    ...config.test,
    include: ['test/**/*.package.test.ts'],
    exclude: [],
    reporters: ['default', evidenceOf('test-package')],
  },
});
