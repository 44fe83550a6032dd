/** Control characters except tab and newline. */
const control = /(?![\t\n])\p{Cc}/gu;

/** A text's size in UTF-8 bytes, as the table and the network count it. */
export const byteLength = (text: string): number => Buffer.byteLength(text);

/**
 * Cuts a text to `maxBytes` UTF-8 bytes and ends a cut text with a note, if the note fits into `maxBytes`.
 * Replaces lone surrogates and control characters (except tab and newline), which stores and providers refuse.
 */
export const capped = (text: string, maxBytes: number): string => {
  const normalized = text.replaceAll('\r', '');
  const clean = opening(normalized, maxBytes).toWellFormed().replaceAll(control, '\uFFFD');
  if (normalized.length <= maxBytes && byteLength(clean) <= maxBytes) return clean;
  const note = `\n[cut: the first part of ${byteLength(normalized)} bytes]`;
  const suffix = byteLength(note) <= maxBytes ? note : '';
  const bytes = Buffer.from(clean);
  let end = Math.max(0, maxBytes - byteLength(suffix));
  while (end > 0 && isInsideCharacter(bytes[end])) end -= 1;
  return `${bytes.subarray(0, end)}${suffix}`;
};

/** Whether a text ends with the note of `capped`. */
export const isCut = (text: string): boolean => /\n\[cut: the first part of \d+ bytes\]$/.test(text.slice(-100));

/** The first `max` characters, without half a surrogate pair. Each takes at least one byte, so no kept byte is lost. */
const opening = (text: string, max: number): string =>
  text.length <= max ? text : text.slice(0, max).replace(/[\uD800-\uDBFF]$/, '');

const isInsideCharacter = (byte = 0): boolean => (byte & 0b1100_0000) === 0b1000_0000;

/**
 * Replaces every lone surrogate in a JSON value by U+FFFD, in keys too.
 * UTF-8 cannot encode a lone surrogate, and providers refuse a whole prompt because of one.
 */
export const wellFormed = <T>(json: T): T => mend(json) as T;

const mend = (json: unknown): unknown => {
  if (typeof json === 'string') return json.toWellFormed();
  if (Array.isArray(json)) return json.map(mend);
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key.toWellFormed(), mend(value)]));
};
