/** Control characters, but for tab and newline. */
const control = /(?![\t\n])\p{Cc}/gu;

/** A text's size in the table and on the wire, in UTF-8 bytes. */
export const byteLength = (text: string): number => Buffer.byteLength(text);

/**
 * A text of at most `maxBytes` UTF-8 bytes that any store and provider takes: no lone surrogate, no half character, no
 * control characters but tab and newline. What was longer ends with a mark that says so, within the bound and where it fits.
 */
export const capped = (text: string, maxBytes: number): string => {
  // A character takes a byte or more, so what is past the bound in characters is past it in bytes.
  const clean = text.slice(0, maxBytes).toWellFormed().replaceAll('\r', '').replaceAll(control, '\uFFFD');
  if (text.length <= maxBytes && byteLength(clean) <= maxBytes) return clean;
  const bytes = Buffer.from(clean);
  const note = `\n[cut: the first part of ${size} bytes]`;
  const mark = byteLength(note) <= maxBytes ? note : '';
  let end = Math.max(0, maxBytes - byteLength(mark));
  while (end > 0 && isInsideCharacter(bytes[end])) end -= 1;
  return `${bytes.subarray(0, end)}${mark}`;
};

const isInsideCharacter = (byte = 0): boolean => (byte & 0b1100_0000) === 0b1000_0000;
