import { type Line, printedText, type Segment } from './line.ts';
import { width } from './width.ts';

/** A column of a table. Amounts are aligned to the right. */
export type Column = { title: string; amount?: boolean };

/** Rows under their titles as lines: columns are aligned, with two blanks between them. No line is cut. */
export const tableLines = (columns: Column[], rows: Segment[][]): Line[] => {
  const titles = columns.map(({ title }): Segment => ({ text: title, tone: 'dim' }));
  const all = [titles, ...rows];
  const widths = columns.map((_, at) => Math.max(...all.map((row) => width(printedText(row[at] ?? '')))));
  return all.map((row, index) => ({
    key: `row${index}`,
    whole: true,
    segments: row.flatMap((segment, at): Segment[] => {
      const blank = ' '.repeat((widths[at] ?? 0) - width(printedText(segment)));
      const gap = at === 0 ? '' : '  ';
      return columns[at]?.amount ? [gap + blank, segment] : [gap, segment, blank];
    }),
  }));
};
