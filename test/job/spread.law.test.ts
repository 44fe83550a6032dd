import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JobName } from '../../lib/job/job.ts';
import { offsetSeconds, startsAt } from '../../lib/job/spread.ts';

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,39}$/).filter((text) => JobName.safeParse(text).success);
const spread = fc.integer({ min: 0, max: 3600 });

test('a job starts within its spread, always with the same offset in whole seconds', () => {
  fc.assert(
    fc.property(name, spread, (job, spreadSeconds) => {
      const offset = offsetSeconds({ name: job, spreadSeconds });
      expect(Number.isInteger(offset) && offset >= 0 && offset <= spreadSeconds).toBe(true);
      expect(offsetSeconds({ name: job, spreadSeconds })).toBe(offset);
      const starts = Date.parse(startsAt('2026-11-22T08:00:00Z', { name: job, spreadSeconds }));
      expect(starts - Date.parse('2026-11-22T08:00:00Z')).toBe(offset * 1000);
    }),
  );
});

test('a job without a spread starts at its slot', () => {
  expect(startsAt('2026-11-22T08:00:00Z', { name: 'any', spreadSeconds: 0 })).toBe('2026-11-22T08:00:00Z');
});

test('a hundred jobs at the same slot are distributed over the spread', () => {
  const offsets = Array.from({ length: 100 }, (_, n) => offsetSeconds({ name: `job-${n}`, spreadSeconds: 600 }));
  const tenths = Map.groupBy(offsets, (offset) => Math.floor(offset / 60.1));
  expect(new Set(offsets).size).toBeGreaterThan(80);
  expect(Math.max(...[...tenths.values()].map((found) => found.length))).toBeLessThan(25);
});
