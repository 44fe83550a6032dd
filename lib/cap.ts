const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Control characters, but for tab and newline. */
const control = /(?![\t\n])\p{Cc}/gu;

/** A text's size in the table and on the wire, in UTF-8 bytes. */
export const byteLength = (text: string): number => Buffer.byteLength(text);

/**
 * A text of at most `maxBytes` UTF-8 bytes that any store and provider takes: no lone surrogate, no half character, no
 * control characters but tab and newline. What was longer ends with a mark that says so (within the bound).
 */
export const capped = (text: string, maxBytes: number): string => {
  const clean = text.toWellFormed().replaceAll('\r', '').replaceAll(control, '\uFFFD');
  const size = byteLength(clean);
  if (size <= maxBytes) return clean;
  const mark = `\n[cut: the first part of ${size} bytes]`;
  const kept = decoder.decode(encoder.encode(clean).subarray(0, maxBytes - byteLength(mark)), { stream: false });
  return `${kept.replace(/\uFFFD+$/, '')}${mark}`;
};
