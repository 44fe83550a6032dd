import { Failure } from '../failure.ts';
import { capped } from '../text.ts';

/** The longest list of problems, in UTF-8 bytes: an answer with a thousand wrong items has as many errors. */
const maxProblemBytes = 2048;

/** Says why a value does not match a schema, or returns undefined if it does. */
export type ResultSchema = (value: unknown) => string | undefined;

/** The drafts by the address in `$schema`, without its scheme and a `#` at its end. */
const drafts: Record<string, 'draft07' | 'draft2019' | 'draft2020'> = {
  'json-schema.org/draft-07/schema': 'draft07',
  'json-schema.org/draft/2019-09/schema': 'draft2019',
  'json-schema.org/draft/2020-12/schema': 'draft2020',
};

// Loaded for typed jobs only, the validator of one draft at a time. A bundled CommonJS package has only its default export.
const load = {
  draft07: async () => (await import('ajv')).default.Ajv,
  draft2019: async () => (await import('ajv/dist/2019.js')).default.Ajv2019,
  draft2020: async () => (await import('ajv/dist/2020.js')).default.Ajv2020,
};

const invalid = (reason: string, cause?: unknown): Failure =>
  new Failure('InvalidJob', `the job's result is no JSON Schema: ${reason}`, { cause });

/** Which draft a schema is written in: its `$schema`, else 2020-12. */
const draftOf = ({ $schema }: Record<string, unknown>): keyof typeof load => {
  if ($schema === undefined) return 'draft2020';
  const draft = typeof $schema === 'string' ? drafts[$schema.replace(/^https?:\/\/|#$/g, '')] : undefined;
  if (draft) return draft;
  throw invalid(`found $schema ${JSON.stringify($schema)}, expected one of ${Object.keys(drafts).join(', ')}`);
};

/** A number as a whole number of units of ten to a power. */
const scaled = (number: number): { units: bigint; power: number } => {
  const [mantissa = '', exponent = '0'] = String(number).split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return { units: BigInt(`${whole}${fraction}`), power: Number(exponent) - fraction.length };
};

/** Whether one decimal number is a multiple of another. The division of doubles says that 19.99 is none of 0.01. */
const isMultiple = (of: number, value: number): boolean => {
  const [a, b] = [scaled(value), scaled(of)];
  const power = Math.min(a.power, b.power);
  const whole = ({ units, power: own }: typeof a) => units * 10n ** BigInt(own - power);
  return whole(a) % whole(b) === 0n;
};

/**
 * Compiles a job's `result`, or another value that problems call `named`: JSON Schema draft-07, 2019-09 or 2020-12. Formats are checked, and `multipleOf` counts in decimals.
 * Throws InvalidJob for a bad schema.
 */
export const resultSchema = async (schema: Record<string, unknown>, named = 'result'): Promise<ResultSchema> => {
  const Validator = await load[draftOf(schema)]();
  const { default: formats } = await import('ajv-formats');
  const ajv = new Validator({ allErrors: true, strict: false, logger: false });
  formats.default(ajv);
  ajv.removeKeyword('multipleOf').addKeyword({
    keyword: 'multipleOf',
    type: 'number',
    schemaType: 'number',
    validate: isMultiple,
    error: { message: ({ schemaCode }) => `must be multiple of ${schemaCode}` },
  });
  let validate: ReturnType<typeof ajv.compile>;
  try {
    const { $schema: _, ...plain } = schema;
    validate = ajv.compile(plain);
    if ('$async' in validate) throw new Error('$async is no part of JSON Schema');
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message : typeof cause, cause);
  }
  return (value) =>
    validate(value)
      ? undefined
      : capped(ajv.errorsText(validate.errors, { dataVar: named, separator: '; ' }), maxProblemBytes);
};
