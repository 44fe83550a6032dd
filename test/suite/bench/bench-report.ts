/** A bound and the measured value. `exactly`: a smaller value breaks the bound too. */
type Bound = { what: string; found: number; atMost: number; exactly?: true };

/** One part of the report: its measurements and its bounds. */
export type Section = { title: string; notes: string[]; rows: Record<string, string | number>[]; bounds: Bound[] };

const holds = ({ found, atMost, exactly }: Bound): boolean => (exactly ? found === atMost : found <= atMost);

/** The broken bounds. */
export const broken = (sections: Section[]): Bound[] =>
  sections.flatMap(({ bounds }) => bounds.filter((bound) => !holds(bound)));

const figure = (value: string | number): string => {
  if (typeof value === 'string') return value;
  if (Number.isInteger(value)) return value.toLocaleString('en');
  return value.toFixed(value < 10 ? 3 : 1);
};

const table = (rows: Section['rows']): string[] => {
  const names = Object.keys(rows[0] ?? {});
  const lines = [names, ...rows.map((row) => names.map((name) => figure(row[name] ?? '')))];
  const widths = names.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  return lines.map((cells) => `  ${cells.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('   ')}`);
};

const verdict = (bound: Bound): string => {
  const { what, found, atMost, exactly } = bound;
  return `  ${holds(bound) ? 'holds ' : 'BROKEN'}  ${what}: ${figure(found)}, ${exactly ? 'exactly' : 'at most'} ${figure(atMost)}`;
};

/** The report as text. */
export const reportText = (sections: Section[]): string =>
  sections
    .map(({ title, notes, rows, bounds }) =>
      [title, ...notes.map((note) => `  ${note}`), ...table(rows), ...bounds.map(verdict)].join('\n'),
    )
    .join('\n\n');

/** The value below which a share of the values lies: 0.5 is the median. */
export const quantile = (values: number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
};
