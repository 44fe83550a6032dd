/** A JSON text read without a change: its value, or in words why it cannot be read so. */
export type ExactJson = { value: unknown } | { problem: string };

/** Only a text with a long or a scaled number can change when it is read. */
const mayChange = /\d[\d.]{14,}|\d[eE]/;

/** A decimal number's digits without zeros at either end, and the power of ten of the last digit. */
const digitsOf = (number: string): { digits: string; power: number } => {
  const [mantissa = '', exponent = '0'] = number.replace('-', '').toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const all = `${whole}${fraction}`.replace(/^0+/, '');
  const digits = all.replace(/0+$/, '');
  return { digits, power: Number(exponent) - fraction.length + (all.length - digits.length) };
};

/**
 * Whether a number that is written so becomes another one when JSON is parsed. Every integer below 2^53 is kept. A fraction below
 * that is rounded after its 15th digit, as in every program.
 */
const changes = (written: string): boolean => {
  const read = Number(written);
  if (!Number.isFinite(read)) return true;
  const wanted = digitsOf(written);
  if (Math.abs(read) <= Number.MAX_SAFE_INTEGER) return read === 0 && wanted.digits !== '';
  const kept = digitsOf(String(read));
  return kept.digits !== wanted.digits || kept.power !== wanted.power;
};

const shown = (number: string): string => (number.length > 40 ? `${number.slice(0, 40)}…` : number);

/** TypeScript's own declaration does not know the third argument: the number as it is written (ECMAScript 2026). */
const parse = JSON.parse as (
  text: string,
  revive: (key: string, value: unknown, context?: { source?: string }) => unknown,
) => unknown;

/**
 * Reads JSON. A number that would silently become another one is a problem, not a value: 1234567890123456789 would be
 * 1234567890123456800.
 */
export const exactJson = (text: string): ExactJson => {
  let changed: string | undefined;
  try {
    const value = mayChange.test(text)
      ? parse(text, (_key, inner, { source } = {}) => {
          if (typeof inner === 'number' && source !== undefined && changes(source)) changed ??= source;
          return inner;
        })
      : JSON.parse(text);
    if (changed === undefined) return { value };
    return { problem: `the number ${shown(changed)} would change when it is read: write it as text, in quotes` };
  } catch (thrown) {
    return { problem: thrown instanceof RangeError ? 'it is nested too deep' : 'it is not JSON' };
  }
};
