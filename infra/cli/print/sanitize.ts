import { stripVTControlCharacters } from 'node:util';
import { codePoints, cut } from './width.ts';

/** Control characters but tab and newline, and the marks that turn the direction of text around. */
const steering = /(?![\t\n])[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
/** Characters that JSON does not escape and a terminal may obey. */
const escaped = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Removes from a text of a model, a tool or a server whatever moves the cursor, changes colours or reorders letters. */
export const sanitize = (text: string): string =>
  stripVTControlCharacters(text.toWellFormed().replaceAll('\r\n', '\n')).replaceAll(steering, '');

/** A text in one line of at most `most` code points. A longer one ends with an ellipsis. */
export const brief = (text: string, most: number): string =>
  cut(sanitize(text).replaceAll(/\s+/g, ' ').trim(), most, codePoints);

const harmless = (text: string): string =>
  text.replaceAll(escaped, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** JSON of the same value that is safe to print in a terminal. */
export const json = (value: unknown): string => harmless(JSON.stringify(value, null, 2));

/** The same in one line. */
export const jsonLine = (value: unknown): string => harmless(JSON.stringify(value));
