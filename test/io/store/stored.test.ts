import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { StoredStep } from '../../../lib/io/store/sessions.ts';
import { Attempt } from '../../../lib/run/attempt.ts';
import { Run } from '../../../lib/run/run.ts';

/** The items of a real run of that day. The file is never edited: these items must stay readable. */
const stored = JSON.parse(readFileSync('test/io/store/stored-2026-11-22.json', 'utf8'));

/** Fields that were added since, with the defaults that a job of that day gets. */
const added = {
  connections: [],
  overlap: 'skip',
  catchUp: { policy: 'latest', withinSeconds: 86_400, atOnce: 1 },
  spreadSeconds: 0,
  breaker: { failures: 5, firstDelaySeconds: 900, factor: 2, maxDelaySeconds: 86_400 },
};

test('items of 2026-11-22 are still read as they were written, with defaults for later fields', () => {
  expect(Object.keys(stored.run.job)).not.toContain('overlap');
  const limits = { ...stored.run.job.limits, outputTokens: 16_000 };
  expect(Run.parse(stored.run)).toEqual({ ...stored.run, job: { ...stored.run.job, ...added, limits } });
  expect(Attempt.array().parse(stored.attempts)).toEqual(stored.attempts);
  expect(stored.steps.map((step: unknown) => StoredStep.data(StoredStep.schema.parse(step)))).toEqual(stored.steps);
  expect(stored.steps.length).toBeGreaterThanOrEqual(3);
});
