import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { argumentSchema, sharedWords } from '../../../lib/io/files/tool-schema.ts';
import { loadTools, toolSpecs } from '../../../lib/io/files/tools.ts';

/** The words of a schema outside of those that all providers take. Names of fields are no words. */
const foreign = (schema: unknown): string[] => {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([word, value]) => {
    if (!sharedWords.includes(word)) return [word];
    if (word === 'properties') return Object.values(value as object).flatMap(foreign);
    if (word === 'anyOf') return (value as unknown[]).flatMap(foreign);
    return word === 'items' || word === 'additionalProperties' ? foreign(value) : [];
  });
};
const sent = (input: z.ZodType) => argumentSchema(z.toJSONSchema(input, { io: 'input' }));

/** Any input schema that a tool may have. */
const anyInput: fc.Arbitrary<z.ZodType> = fc.letrec<{ any: z.ZodType }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<z.ZodType[]>(
      z.string().min(1).max(9),
      z.string().regex(/^a/),
      z.url(),
      z.uuid(),
      z.iso.date(),
      z.ipv4(),
      z.int().positive(),
      z.number().gt(0).lt(9).multipleOf(0.5),
      z.boolean().default(true),
      z.literal('a'),
      z.literal(['a', 1, null]),
      z.enum(['a', 'b']),
      z.null(),
      z.unknown(),
      z.json(),
    ),
    tie('any').map((inner) => z.array(inner).min(1)),
    tie('any').map((inner) => z.record(z.string().regex(/^[a-z]+$/), inner)),
    tie('any').map((inner) => inner.optional()),
    tie('any').map((inner) => inner.nullable()),
    fc.tuple(tie('any'), tie('any')).map(([a, b]) => z.tuple([a, b])),
    fc.tuple(tie('any'), tie('any')).map(([a, b]) => z.union([a, b])),
    tie('any').map((a) => z.object({ type: a, items: z.string() })),
    tie('any').map((a) => z.strictObject({ propertyNames: a })),
    tie('any').map((a) =>
      z.discriminatedUnion('kind', [z.object({ kind: z.literal('a'), a }), z.object({ kind: z.literal('b') })]),
    ),
  ),
})).any;

describe('the schema of a tool as it is sent', () => {
  it('has only words that all providers take, whatever the input of the tool is', () => {
    fc.assert(
      fc.property(anyInput, (any) => {
        for (const input of [any, z.strictObject({ any })]) {
          const schema = sent(input);
          expect(foreign(schema)).toEqual([]);
          expect(schema.type).toBe('object');
        }
      }),
    );
  });

  it('has only such words for each tool of lib/tools', async () => {
    const names = readdirSync('lib/tools').flatMap((file) => /^(\w+)\.ts$/.exec(file)?.[1] ?? []);
    const specs = toolSpecs(await loadTools(names));
    expect(specs.length).toBeGreaterThan(3);
    for (const { inputSchema } of specs) {
      expect(foreign(inputSchema)).toEqual([]);
      expect(inputSchema).toMatchObject({ type: 'object', properties: expect.anything() });
    }
  });

  it('keeps what the model needs: fields, descriptions, bounds, choices', () => {
    const input = z.strictObject({
      url: z.string().max(9).describe('Where.'),
      n: z.int().positive().max(5),
      kind: z.literal('a'),
      headers: z.record(z.string(), z.string()).optional(),
    });
    expect(sent(input)).toEqual({
      type: 'object',
      properties: {
        url: { type: 'string', maxLength: 9, description: 'Where.' },
        n: { type: 'integer', minimum: 1, maximum: 5 },
        kind: { type: 'string', enum: ['a'] },
        headers: { type: 'object', additionalProperties: { type: 'string' } },
      },
      required: ['url', 'n', 'kind'],
      additionalProperties: false,
    });
  });

  it('has fields named like words of JSON Schema, and the fields of every choice at its top', () => {
    expect(sent(z.object({ const: z.string(), oneOf: z.int() })).properties).toMatchObject({
      const: { type: 'string' },
      oneOf: { type: 'integer' },
    });
    const choice = z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]);
    expect(sent(choice)).toEqual({ type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' } } });
  });
});
