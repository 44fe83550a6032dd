import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Attempt } from '../lib/attempt.ts';
import { Run } from '../lib/run.ts';
import { Step } from '../lib/step.ts';

/** What a real run of that day left in the table. It is never edited: what was written must stay readable. */
const stored = JSON.parse(readFileSync('test/fixtures/stored-2026-11-22.json', 'utf8'));

test('what was stored on the first day still reads as it was', () => {
  expect(Run.parse(stored.run)).toEqual(stored.run);
  expect(Attempt.array().parse(stored.attempts)).toEqual(stored.attempts);
  expect(Step.array().parse(stored.steps)).toEqual(stored.steps);
  expect(stored.steps.length).toBeGreaterThanOrEqual(3);
});
