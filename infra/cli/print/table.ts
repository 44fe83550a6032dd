import type { Line, Segment } from './line.ts';
import { sanitize } from './sanitize.ts';

/** A column: its title, and whether it holds amounts, which stand to the right. */
export type Column = { title: string; amount?: boolean };

const textOf = (segment: Segment): string => (typeof segment === 'string' ? segment : segment.text);

/** Rows under their titles as lines: aligned, two blanks between columns, none cut. */
export const tableLines = (columns: Column[], rows: Segment[][]): Line[] => {
  const titles = columns.map(({ title }): Segment => ({ text: title, tone: 'dim' }));
  const all = [titles, ...rows];
  const widths = columns.map((_, at) => Math.max(...all.map((row) => sanitize(textOf(row[at] ?? '')).length)));
  return all.map((row, index) => ({
    key: `row${index}`,
    whole: true,
    segments: row.flatMap((segment, at): Segment[] => {
      const blank = ' '.repeat((widths[at] ?? 0) - sanitize(textOf(segment)).length);
      const gap = at === 0 ? '' : '  ';
      return columns[at]?.amount ? [gap + blank, segment] : [gap, segment, blank];
    }),
  }));
};
