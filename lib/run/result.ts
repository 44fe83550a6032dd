import { Failure } from '../failure.ts';
import { capped } from '../text.ts';

/** The longest list of problems, in UTF-8 bytes: an answer with a thousand wrong items has as many errors. */
const maxProblemBytes = 2048;

/** A final answer checked against the job's `result` schema: its value, or in words why it does not fit. */
export type ResultCheck = { value: unknown } | { problem: string };

/** Checks final answers. */
export type ResultReader = (text: string) => ResultCheck;

/** The text without a code fence around the whole of it. A single pattern would take cubic time on a fence and white space. */
const unfenced = (text: string): string => {
  const whole = text.trim();
  const opening = /^```(?:json)?[^\S\n]*\n/.exec(whole)?.[0];
  return opening && whole.endsWith('```') ? whole.slice(opening.length, -3) : text;
};

const parsed = (text: string): ResultCheck => {
  try {
    return { value: JSON.parse(unfenced(text)) };
  } catch {
    return { problem: 'it is not JSON' };
  }
};

/**
 * The reader of a job's final answers. Without a schema the value is the text. With one the answer must be JSON that fits it, with or without
 * a code fence. Throws InvalidJob for a bad schema.
 */
export const resultReader = async (schema: Record<string, unknown> | undefined): Promise<ResultReader> => {
  if (!schema) return (text) => ({ value: text });
  // Loaded for typed jobs only. A bundled CommonJS package has only its default export.
  const { default: validator } = await import('ajv/dist/2020.js');
  const ajv = new validator.Ajv2020({ allErrors: true, strict: false, logger: false });
  let validate: ReturnType<typeof ajv.compile>;
  try {
    validate = ajv.compile(schema);
    if ('$async' in validate) throw new Error('$async is no part of JSON Schema');
  } catch (cause) {
    throw new Failure(
      'InvalidJob',
      `the job's result is no JSON Schema: ${cause instanceof Error ? cause.message : typeof cause}`,
      {
        cause,
      },
    );
  }
  return (text) => {
    const result = parsed(text);
    if ('problem' in result || validate(result.value)) return result;
    return {
      problem: capped(ajv.errorsText(validate.errors, { dataVar: 'result', separator: '; ' }), maxProblemBytes),
    };
  };
};
