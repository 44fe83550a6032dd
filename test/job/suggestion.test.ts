import { expect, test } from 'vitest';
import * as z from 'zod';
import { JobFile } from '../../lib/job/job.ts';
import { fieldsAt, nearest } from '../../lib/job/suggestion.ts';

test.each([
  ['promt', 'prompt'],
  ['catchup', 'catchUp'],
  ['lmiits', 'limits'],
  ['descriptoin', 'description'],
  ['zzz', undefined],
  ['x', undefined],
  ['', undefined],
  ['p'.repeat(10_000), undefined],
])('the suggestion for a mistyped field %s is %s', (word, expected) => {
  expect(nearest(word, fieldsAt(JobFile, []))).toBe(expected);
});

test('the fields of a schema are found at every depth, also in lists and alternatives', () => {
  const schema = z.strictObject({
    list: z.array(z.union([z.strictObject({ one: z.string() }), z.strictObject({ two: z.string() })])),
  });
  expect(fieldsAt(schema, ['list', 3])).toEqual(['one', 'two']);
  expect(fieldsAt(schema, ['list', 3, 'one'])).toEqual([]);
  expect(fieldsAt(schema, ['toString'])).toEqual([]);
  expect(fieldsAt(JobFile, ['limits', 'perDay'])).toEqual(['usd', 'runs']);
});
