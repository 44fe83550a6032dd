import { Failure } from './failure.ts';

/** A final answer read by the job's `result` schema: its value, or in words why it does not fit. */
export type ResultCheck = { value: unknown } | { problem: string };

/** Reads final answers. */
export type ResultReader = (text: string) => ResultCheck;

const fenced = /^\s*```(?:json)?\s*\n([\s\S]*?)\n?\s*```\s*$/;

const parsed = (text: string): ResultCheck => {
  try {
    return { value: JSON.parse(fenced.exec(text)?.[1] ?? text) };
  } catch {
    return { problem: 'it is not JSON' };
  }
};

/**
 * The reader of a job's final answers. Without a schema the answer is its text; with one it must be JSON that fits it (a
 * code fence around it is taken off). The validator is loaded only for typed jobs. Throws InvalidJob for a bad schema.
 */
export const resultReader = async (schema: Record<string, unknown> | undefined): Promise<ResultReader> => {
  if (!schema) return (text) => ({ value: text });
  const { Ajv2020 } = await import('ajv/dist/2020.js');
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  let validate: ReturnType<typeof ajv.compile>;
  try {
    validate = ajv.compile(schema);
  } catch (cause) {
    throw new Failure('InvalidJob', `result: ${cause instanceof Error ? cause.message : 'not a JSON Schema'}`, {
      cause,
    });
  }
  return (text) => {
    const result = parsed(text);
    if ('problem' in result || validate(result.value)) return result;
    return { problem: ajv.errorsText(validate.errors, { dataVar: 'result', separator: '; ' }) };
  };
};
