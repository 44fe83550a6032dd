/** Fields of a JSON object whose values may be anything. */
export type Fields = Record<string, unknown>;

/** The fields of a value. One that is no object has none. */
export const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};

export const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** A value as text: text as it is, anything else as JSON. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

/** A count of tokens, also one that is written as text. Undefined if it is none. */
export const tokensOf = (value: unknown): number | undefined => {
  const count = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof count === 'number' && Number.isFinite(count) && count >= 0 ? count : undefined;
};

type Reviver = (key: string, value: unknown, context?: { source?: string }) => unknown;
/** TypeScript does not know these two parts of ECMAScript 2026 yet. */
const { parse, rawJSON } = JSON as unknown as {
  parse(text: string, revive: Reviver): unknown;
  rawJSON(text: string): unknown;
};

/**
 * Reads JSON so that writing it again gives every number as it was written: arguments of tool calls must not change on their way.
 * Numbers that would change are raw values of `JSON.rawJSON`, any others plain numbers. Undefined if the text is no JSON.
 */
export const rawJson = (text: string): unknown => {
  try {
    return parse(text, (_key, value, { source = '' } = {}) =>
      typeof value === 'number' && String(value) !== source && /^.{16}|e/i.test(source) ? rawJSON(source) : value,
    );
  } catch {
    return undefined;
  }
};
