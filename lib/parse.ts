import type * as z from 'zod';
import { Failure, type FailureName } from './failure.ts';

/** Everything wrong with a value, as `path: what was expected; …`. `root` is what the value as a whole is called. */
export const problems = (error: z.ZodError, root = 'value'): string =>
  error.issues.map((issue) => `${issue.path.join('.') || root}: ${issue.message}`).join('; ');

/** A value of the schema's type, or a failure of that name which says where and what was expected, all of it at once. */
export const parse = <T>(schema: z.ZodType<T>, value: unknown, name: FailureName, what: string): T => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Failure(name, `${what}: ${problems(parsed.error)}`);
};
