import type * as z from 'zod';
import { Failure, type FailureName } from './failure.ts';

/** Everything wrong with a value, as `path: what was expected; …`. `root` is what the value as a whole is called. */
export const problems = (error: z.ZodError, root = 'value'): string =>
  error.issues.map((issue) => `${issue.path.join('.') || root}: ${issue.message}`).join('; ');

/** The stack is spent where JSON is nested thousands of levels deep: such a value fits no schema of ours. */
const safeParse = <T>(schema: z.ZodType<T>, value: unknown): z.ZodSafeParseResult<T> | undefined => {
  try {
    return schema.safeParse(value);
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
};

/** A value of the schema's type, or a failure of that name which says where and what was expected, all of it at once. */
export const parse = <T>(schema: z.ZodType<T>, value: unknown, name: FailureName, what: string): T => {
  const parsed = safeParse(schema, value);
  if (parsed?.success) return parsed.data;
  throw new Failure(name, `${what}: ${parsed ? problems(parsed.error) : 'nested too deep'}`);
};
