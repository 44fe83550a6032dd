import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inert } from '../../infra/stack/inert.ts';

const texts = fc
  .array(fc.constantFrom('$', '{', '}', '{{', '${env:', '{{resolve:ssm:', 'self', ' ', 'é', '\\'))
  .map((parts) => parts.join(''));

test('a text for the template keeps its length and has no brace', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const found = inert(text);
      expect(found).toHaveLength(text.length);
      expect(found).not.toMatch(/[{}]/);
      expect(inert(found)).toBe(found);
    }),
  );
});

test('a job for the template has no brace in any of its texts, however deep', () => {
  const deep = fc.letrec((tie) => ({
    value: fc.oneof(texts, fc.integer(), fc.boolean(), fc.constant(null), tie('list'), tie('map')),
    list: fc.array(tie('value'), { maxLength: 3 }),
    map: fc.dictionary(texts, tie('value'), { maxKeys: 3 }),
  })).value;
  const stringsOf = (value: unknown): string[] => {
    if (typeof value === 'string') return [value];
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([key, inner]) => [key, ...stringsOf(inner)]);
  };
  fc.assert(
    fc.property(deep, (value) => {
      expect(stringsOf(inert(value)).filter((text) => /[{}]/.test(text))).toEqual([]);
    }),
  );
});
