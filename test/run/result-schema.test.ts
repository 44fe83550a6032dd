import { describe, expect, it } from 'vitest';
import { resultSchema } from '../../lib/run/result-schema.ts';

const fits = async (schema: Record<string, unknown>, value: unknown) => (await resultSchema(schema))(value);

describe('a result schema', () => {
  it.each([
    [0.01, 19.99],
    [0.01, -19.99],
    [0.1, 0.3],
    [0.000001, 123.456789],
    [5, 1e21],
    [2.5, 7.5],
    [1e-7, 3e-7],
  ])('has multiples of %d as decimals: %d is one', async (multipleOf, value) => {
    expect(await fits({ multipleOf }, value)).toBeUndefined();
  });

  it.each([
    [0.01, 19.995],
    [5, 7],
    [0.1, 0.30000000000000004],
  ])('has multiples of %d as decimals: %d is none', async (multipleOf, value) => {
    expect(await fits({ multipleOf }, value)).toBe(`result must be multiple of ${multipleOf}`);
  });

  it.each([
    ['date', '2026-11-22', 'soon'],
    ['date', '2028-02-29', '2026-02-29'],
    ['date-time', '2026-11-22T07:00:00Z', '2026-11-22'],
    ['email', 'a@example.com', 'a at example'],
    ['uri', 'https://example.com', 'example'],
    ['uuid', '123e4567-e89b-12d3-a456-426614174000', '123'],
    ['ipv4', '10.0.0.1', '10.0.0.256'],
  ])('holds the format %s: %s, not %s', async (format, good, bad) => {
    expect(await fits({ type: 'string', format }, good)).toBeUndefined();
    expect(await fits({ type: 'string', format }, bad)).toBe(`result must match format "${format}"`);
  });

  it.each([
    ['http://json-schema.org/draft-07/schema#', { items: [{ type: 'string' }], additionalItems: false }],
    ['https://json-schema.org/draft-07/schema', { items: [{ type: 'string' }], additionalItems: false }],
    ['https://json-schema.org/draft/2019-09/schema', { items: [{ type: 'string' }], unevaluatedItems: false }],
    ['https://json-schema.org/draft/2020-12/schema', { prefixItems: [{ type: 'string' }], items: false }],
  ])('is read by its draft: %s', async ($schema, rules) => {
    const schema = { $schema, type: 'array', ...rules };
    expect(await fits(schema, ['a'])).toBeUndefined();
    expect(await fits(schema, ['a', 'b'])).toBeDefined();
    expect(await fits(schema, [1])).toBeDefined();
  });

  it.each(['http://json-schema.org/draft-04/schema#', 'https://example.com/mine', 7])(
    'of the draft %s is refused with the drafts that are taken',
    async ($schema) => {
      await expect(resultSchema({ $schema, type: 'string' })).rejects.toMatchObject({
        name: 'InvalidJob',
        message: expect.stringMatching(/found \$schema .*, expected one of .*draft-07.*2019-09.*2020-12/),
      });
    },
  );
});
