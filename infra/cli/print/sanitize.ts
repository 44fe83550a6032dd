import { stripVTControlCharacters } from 'node:util';

/** Control characters but tab and newline, and the marks that turn the direction of text around. */
const steering = /(?![\t\n])[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
/** What JSON leaves as it is and a terminal may obey. */
const escaped = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A text from a model, a tool or a server as it may be printed: it cannot move the cursor, colour, or reorder anything. */
export const sanitize = (text: string): string =>
  stripVTControlCharacters(text.toWellFormed().replaceAll('\r\n', '\n')).replaceAll(steering, '');

/** A text in one line of at most `most` characters; an ellipsis stands for what was left out. */
export const brief = (text: string, most: number): string => {
  const letters = [...sanitize(text).replaceAll(/\s+/g, ' ').trim()];
  return letters.length <= most ? letters.join('') : `${letters.slice(0, most - 1).join('')}…`;
};

const harmless = (text: string): string =>
  text.replaceAll(escaped, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** JSON for programs and people: the same value, and safe to look at in a terminal. */
export const json = (value: unknown): string => harmless(JSON.stringify(value, null, 2));

/** The same in one line, for one of many. */
export const jsonLine = (value: unknown): string => harmless(JSON.stringify(value));
