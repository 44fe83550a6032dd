import type { createColors } from 'picocolors';
import { duration } from './format.ts';
import { sanitize } from './sanitize.ts';
import { cut, width } from './width.ts';

export type Tone = 'strong' | 'dim' | 'good' | 'bad' | 'warn';
export type Segment = string | { text: string; tone: Tone };

/**
 * One line of a terminal, not yet drawn; `key` is unique on its page. `elapsedMs` is printed in the left margin.
 * A `whole` line is never cut: a narrow terminal wraps it.
 */
export type Line = { key: string; elapsedMs?: number; margin?: boolean; whole?: boolean; segments: Segment[] };

const marginWidth = 12;
const colours = { strong: 'bold', dim: 'dim', good: 'green', bad: 'red', warn: 'yellow' } as const;

export const toned = (tone: Tone, text: string): Segment => ({ text, tone });

const textOf = (segment: Segment): string => (typeof segment === 'string' ? segment : segment.text);

/** A segment's text as it is printed: sanitized, and in one line. */
export const printedText = (segment: Segment): string => sanitize(textOf(segment)).replaceAll(/\s/g, ' ');

/** A line as text, cut to the terminal's columns unless it is whole. Every segment is sanitized here, so that no other code has to. */
export const drawn = (
  line: Line,
  paint: ReturnType<typeof createColors>,
  columns = Number.POSITIVE_INFINITY,
): string => {
  const time = line.elapsedMs === undefined ? '' : duration(line.elapsedMs);
  const margin = line.elapsedMs !== undefined || line.margin ? `${time.padStart(marginWidth - 2)}  ` : '';
  let room = line.whole ? Number.POSITIVE_INFINITY : columns - margin.length;
  const texts = line.segments.map((segment) => {
    const whole = printedText(segment);
    const text = room > 0 ? cut(whole, room, width) : '';
    room -= width(whole);
    return typeof segment === 'string' || text === '' ? text : paint[colours[segment.tone]](text);
  });
  return `${margin && paint.dim(margin)}${texts.join('')}`.trimEnd();
};
