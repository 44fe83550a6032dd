import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactJson } from '../lib/exact-json.ts';

const problem = (text: string): string => {
  const read = exactJson(text);
  return 'problem' in read ? read.problem : '';
};

describe('JSON that is read exactly', () => {
  it('is the same value as that of JSON.parse, wherever that keeps every number', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(exactJson(JSON.stringify(value))).toEqual({ value: JSON.parse(JSON.stringify(value)) });
      }),
    );
  });

  it('never holds an integer that is shown otherwise than it was written', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), (integer) => {
        const read = exactJson(`{"id":[${integer}]}`);
        const same = String(Number(integer)) === String(integer);
        if (same) expect(read).toEqual({ value: { id: [Number(integer)] } });
        else expect(read).toEqual({ problem: expect.stringContaining(String(integer)) });
      }),
    );
  });

  it.each([
    '1234567890123456789',
    '-1234567890123456789',
    '9007199254740993',
    '12345678901234567.5',
    '1e999',
    '1e-999',
  ])('names the number %s, which would change', (number) => {
    expect(problem(`{"channel_id": ${number}}`)).toContain(`the number ${number} would change`);
  });

  it.each([
    '0',
    '-0',
    '0.0',
    '0e5',
    '19.99',
    '1234567890.123456',
    '3.14159265358979323846',
    '9007199254740991',
    '1e21',
  ])('keeps %s', (number) => {
    expect(exactJson(`[${number}]`)).toEqual({ value: [Number(number)] });
  });

  it('does not look at digits inside of texts and keys', () => {
    const text = '{"1234567890123456789":"1234567890123456789 1e999"}';
    expect(exactJson(text)).toEqual({ value: JSON.parse(text) });
  });

  it('says what is wrong with any other text', () => {
    expect(problem('{"half":')).toBe('it is not JSON');
    expect(problem(`${'['.repeat(100_000)}1e5${']'.repeat(100_000)}`)).toBe('it is nested too deep');
  });

  it('quotes a long number by its first digits', () => {
    expect(problem(`${'9'.repeat(5000)}`).length).toBeLessThan(150);
  });
});
