import type { createColors } from 'picocolors';
import { duration } from './format.ts';
import { sanitize } from './sanitize.ts';

export type Tone = 'strong' | 'dim' | 'good' | 'bad' | 'warn';
export type Segment = string | { text: string; tone: Tone };

/**
 * One line of a terminal, not yet drawn. `key` tells it from the others of its page. `elapsedMs` stands at the left margin;
 * a page without times has no margin. A `whole` line is never cut: a terminal too narrow wraps it.
 */
export type Line = { key: string; elapsedMs?: number; margin?: boolean; whole?: boolean; segments: Segment[] };

const marginWidth = 12;
const colours = { strong: 'bold', dim: 'dim', good: 'green', bad: 'red', warn: 'yellow' } as const;

export const toned = (tone: Tone, text: string): Segment => ({ text, tone });

/** A line as text, at most `columns` wide unless it is whole. Whatever it says is made plain here, so nothing reaches a terminal that was not. */
export const drawn = (
  line: Line,
  paint: ReturnType<typeof createColors>,
  columns = Number.POSITIVE_INFINITY,
): string => {
  const time = line.elapsedMs === undefined ? '' : duration(line.elapsedMs);
  const margin = line.elapsedMs !== undefined || line.margin ? `${time.padStart(marginWidth - 2)}  ` : '';
  let room = line.whole ? Number.POSITIVE_INFINITY : columns - margin.length;
  const cut = (text: string): string => {
    const letters = [...sanitize(text).replaceAll(/\s/g, ' ')];
    const kept = letters.length <= room ? letters.join('') : `${letters.slice(0, Math.max(0, room - 1)).join('')}…`;
    room = Math.max(0, room - letters.length);
    return kept;
  };
  const texts = line.segments.map((segment) => {
    const text = room > 0 ? cut(typeof segment === 'string' ? segment : segment.text) : '';
    return typeof segment === 'string' || text === '' ? text : paint[colours[segment.tone]](text);
  });
  return `${margin && paint.dim(margin)}${texts.join('')}`.trimEnd();
};
