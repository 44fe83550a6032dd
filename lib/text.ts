/** Control characters, but for tab and newline. */
const control = /(?![\t\n])\p{Cc}/gu;

/** A text's size in the table and on the wire, in UTF-8 bytes. */
export const byteLength = (text: string): number => Buffer.byteLength(text);

/**
 * A text of at most `maxBytes` UTF-8 bytes that any store and provider takes: no lone surrogate, no half character, no
 * control characters but tab and newline. What was longer ends with a mark that says so, within the bound and where it fits.
 */
export const capped = (text: string, maxBytes: number): string => {
  const lines = text.replaceAll('\r', '');
  const clean = opening(lines, maxBytes).toWellFormed().replaceAll(control, '\uFFFD');
  if (lines.length <= maxBytes && byteLength(clean) <= maxBytes) return clean;
  const note = `\n[cut: the first part of ${byteLength(lines)} bytes]`;
  const mark = byteLength(note) <= maxBytes ? note : '';
  const bytes = Buffer.from(clean);
  let end = Math.max(0, maxBytes - byteLength(mark));
  while (end > 0 && isInsideCharacter(bytes[end])) end -= 1;
  return `${bytes.subarray(0, end)}${mark}`;
};

/** A character takes a byte or more: what is past the bound in characters is past it in bytes. Half a pair is left out. */
const opening = (text: string, max: number): string =>
  text.length <= max ? text : text.slice(0, max).replace(/[\uD800-\uDBFF]$/, '');

const isInsideCharacter = (byte = 0): boolean => (byte & 0b1100_0000) === 0b1000_0000;

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
