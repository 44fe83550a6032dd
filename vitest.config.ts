import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { evidenceOf } from './test/suite/evidence/evidence-reporter.ts';

// What tests start, many times, is compiled once.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '.build/compiled');

/** What starts processes or an engine takes longest: it comes first, so that no worker is left with one at the end. */
const longest = [
  ...['commands.flow', 'daemon', 'failure.flow', 'dev.flow', 'stores.contract', 'story.flow'],
  ...['providers.flow', 'asking.flow', 'tools.flow', 'calendar.law', 'explore'],
  ...['command-lines', 'first-job.flow'],
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) =>
      longest.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
    const first = files.filter((file) => place(file) >= 0).sort((a, b) => place(a) - place(b));
    return [...first, ...(await super.sort(files.filter((file) => place(file) < 0)))];
  }
}

export default defineConfig({
  test: {
    globalSetup: 'test/kit/packaged.ts',
    include: ['test/**/*.test.ts'],
    // They make whole packages with osls: `npm run test:package`.
    exclude: ['test/**/*.package.test.ts'],
    allowOnly: !process.env.CI,
    // These limits only end what hangs. A test waits for an event and passes on a busy machine too.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 540_000, interval: 20 } },
    pool: 'forks',
    // The words keep no state and every test has a directory of its own, so that files can share a process: it starts once.
    isolate: false,
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', evidenceOf('test')],
  },
});
