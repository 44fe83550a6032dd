import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { StoredStep } from '../../../lib/io/store/sessions.ts';
import { Attempt } from '../../../lib/run/attempt.ts';
import { Run } from '../../../lib/run/run.ts';

/** What a real run of that day left in the table. It is never edited: what was written must stay readable. */
const stored = JSON.parse(readFileSync('test/io/store/stored-2026-11-22.json', 'utf8'));

/** What a job of that day has by now without having said so. */
const added = {
  overlap: 'skip',
  catchUp: { policy: 'latest', withinSeconds: 86_400, atOnce: 1 },
  spreadSeconds: 0,
  breaker: { failures: 5, firstDelaySeconds: 900, factor: 2, maxDelaySeconds: 86_400 },
};

test('what was stored on the first day still reads as it was, with the defaults of what was added since', () => {
  expect(Object.keys(stored.run.job)).not.toContain('overlap');
  expect(Run.parse(stored.run)).toEqual({ ...stored.run, job: { ...stored.run.job, ...added } });
  expect(Attempt.array().parse(stored.attempts)).toEqual(stored.attempts);
  expect(stored.steps.map((step: unknown) => StoredStep.data(StoredStep.schema.parse(step)))).toEqual(stored.steps);
  expect(stored.steps.length).toBeGreaterThanOrEqual(3);
});
