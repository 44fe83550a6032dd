import { describe, expect, it } from 'vitest';
import { jsonAnswers } from '../../lib/run/json-answer.ts';

describe('the JSON values of an answer', () => {
  it.each([
    ['7', [{ value: 7 }]],
    [' "text" ', [{ value: 'text' }]],
    ['The answer is 7.', []],
    ['```json\n7\n```', [{ value: 7 }]],
    ['Here:\n  ```json\n7\n  ```', [{ value: 7 }]],
    ['```\n{"a":1}\n```\n```\n{"b":2}\n```\nand {"c":3}', [{ value: { a: 1 } }, { value: { b: 2 } }]],
    ['one {"a":"}"} two [1, 2] three', [{ value: { a: '}' } }, { value: [1, 2] }]],
    ['a "quoted {" brace {"a":1}', [{ value: { a: 1 } }]],
    ['{"a": {"b": 1}} is one', [{ value: { a: { b: 1 } } }]],
    ['{"a":1', []],
  ])('of %j are %j', (text, values) => {
    expect(jsonAnswers(text)).toEqual(values);
  });

  it('are problems where a number would change', () => {
    expect(jsonAnswers('So: {"id":1234567890123456789}')).toEqual([{ problem: expect.stringContaining('as text') }]);
  });
});
