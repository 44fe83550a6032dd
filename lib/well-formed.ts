/**
 * The same JSON with every lone surrogate replaced by U+FFFD, in keys too: what has to be encoded as UTF-8.
 * A lone surrogate cannot be, and a provider refuses the whole prompt for it.
 */
export const wellFormed = <T>(json: T): T => mend(json) as T;

const mend = (json: unknown): unknown => {
  if (typeof json === 'string') return json.toWellFormed();
  if (Array.isArray(json)) return json.map(mend);
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key.toWellFormed(), mend(value)]));
};
