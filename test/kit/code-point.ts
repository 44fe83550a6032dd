import fc from 'fast-check';

/** Any code point, halves of a pair included. The unit `binary` of fast-check is the same, and takes seconds to set up. */
export const codePoint = fc.integer({ min: 0, max: 0x10ffff }).map((point) => String.fromCodePoint(point));
