import { describe, expect, it } from 'vitest';
import { fieldsOf, listOf, rawJson, textOf, tokensOf } from '../../../lib/io/model/loose-json.ts';

describe('JSON in any form', () => {
  it('is written again with every number as it was', () => {
    const text = '{"id":1234567890123456789,"a":[0.1,1e400,-12345678901234567890.5],"b":"1234567890123456789"}';
    expect(JSON.stringify(rawJson(text))).toBe(text);
    expect(rawJson('{"a":1}')).toEqual({ a: 1 });
    expect(rawJson('no')).toBeUndefined();
  });

  it('has fields, a list, a text or a count, or none', () => {
    expect([fieldsOf({ a: 1 }), fieldsOf([1]), fieldsOf(null)]).toEqual([{ a: 1 }, {}, {}]);
    expect([listOf([1]), listOf({ 0: 1 })]).toEqual([[1], []]);
    expect([textOf('a'), textOf({ a: 1 }), textOf(undefined)]).toEqual(['a', '{"a":1}', '']);
    const counts: [unknown, number | undefined][] = [
      [7, 7],
      ['7', 7],
      [0, 0],
      [-1, undefined],
      ['', undefined],
      ['many', undefined],
      [null, undefined],
      [true, undefined],
    ];
    for (const [value, count] of counts) expect(tokensOf(value)).toBe(count);
  });
});
