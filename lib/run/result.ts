import { isCut } from '../text.ts';
import { jsonAnswers } from './json-answer.ts';
import { type ResultSchema, resultSchema } from './result-schema.ts';

/** A final answer checked against the job's `result` schema: its value, or in words why it does not fit. */
export type ResultCheck = { value: unknown } | { problem: string };

/** Checks final answers. */
export type ResultReader = (text: string) => ResultCheck;

/** The one value of an answer that fits. Of several values, one must fit and the others must not. */
const read = (text: string, mismatch: ResultSchema): ResultCheck => {
  const answers = jsonAnswers(text).map((answer): ResultCheck => {
    const problem = 'problem' in answer ? answer.problem : mismatch(answer.value);
    return problem === undefined ? answer : { problem };
  });
  const [first, second] = answers;
  if (!first) return { problem: isCut(text) ? 'it is longer than what is kept' : 'it is not JSON' };
  if (!second) return first;
  const [fitting, another] = answers.filter((answer) => 'value' in answer);
  return fitting && !another ? fitting : { problem: `it holds ${answers.length} JSON values, and one is expected` };
};

/**
 * The reader of a job's final answers. Without a schema the value is the text. With one the answer must hold one JSON value that fits it,
 * alone, in a code fence or among words. Throws InvalidJob for a bad schema.
 */
export const resultReader = async (schema: Record<string, unknown> | undefined): Promise<ResultReader> => {
  if (!schema) return (text) => ({ value: text });
  const mismatch = await resultSchema(schema);
  return (text) => read(text, mismatch);
};
