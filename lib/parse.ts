import type * as z from 'zod';
import { Failure, type FailureName } from './failure.ts';

/** All validation errors of a value as `path: what was expected; …`. `root` names the value as a whole. */
export const problems = (error: z.ZodError, root = 'value'): string =>
  error.issues.map((issue) => `${issue.path.join('.') || root}: ${issue.message}`).join('; ');

/** Undefined if the value is nested thousands of levels deep and zod runs out of stack. No schema accepts such a value. */
const safeParse = <T>(schema: z.ZodType<T>, value: unknown): z.ZodSafeParseResult<T> | undefined => {
  try {
    return schema.safeParse(value);
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
};

/** Validates a value. Throws a failure of the given `name` that lists every error with its path; `what` names the value. */
export const parse = <T>(schema: z.ZodType<T>, value: unknown, name: FailureName, what: string): T => {
  const parsed = safeParse(schema, value);
  if (parsed?.success) return parsed.data;
  throw new Failure(name, `${what}: ${parsed ? problems(parsed.error) : 'nested too deep'}`);
};
