/**
 * A value whose texts have parentheses in place of braces. osls resolves `${…}` in every text that it gets from a program, and CloudFormation resolves
 * `{{resolve:…}}` in every property: a text without braces is a variable of neither.
 */
export const inert = <T>(value: T): T => {
  if (typeof value === 'string') return value.replaceAll('{', '(').replaceAll('}', ')') as T;
  if (Array.isArray(value)) return value.map(inert) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [inert(key), inert(inner)])) as T;
};
