import type { Row } from '../evidence/evidence.ts';
import type { BoundaryName } from './boundaries.ts';

/** The result of one boundary. */
export type Line = {
  name: BoundaryName;
  wanted: number;
  seen: Record<string, number>;
  seconds: number;
  replayed: boolean;
  failure?: string;
  replay?: string;
};

const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0);
const count = ({ seen }: Line): number => sum(Object.values(seen));
const accepted = ({ seen }: Line): number => seen.accepted ?? 0;

/** What is wrong with a boundary. Cases that all end alike prove nothing and point to a faulty generator. */
const fault = (line: Line): string | undefined => {
  if (line.failure !== undefined) return line.failure;
  if (line.replayed) return undefined;
  if (count(line) < line.wanted) return `only ${count(line)} of ${line.wanted} cases were judged`;
  if (accepted(line) === 0) return 'no case was accepted';
  return accepted(line) === count(line) ? 'no case was refused' : undefined;
};

/** The evidence of one boundary. */
export const evidenceRow = (line: Line): Row => ({
  suite: 'bad input',
  engine: line.name,
  cases: count(line),
  failed: fault(line) === undefined ? 0 : 1,
  note: `${accepted(line).toLocaleString('en')} accepted, the others refused by name`,
});

/** Every fault with its boundary. */
export const faults = (lines: Line[]): { line: Line; what: string }[] =>
  lines.flatMap((line) => {
    const what = fault(line);
    return what === undefined ? [] : [{ line, what }];
  });

/** Cuts the middle out of a huge case. The replay command shows all of it. */
const short = (text: string): string => (text.length > 8000 ? `${text.slice(0, 4000)}\n…\n${text.slice(-4000)}` : text);

const names = ({ seen }: Line): string =>
  Object.entries(seen)
    .filter(([name]) => name !== 'accepted')
    .sort(([, a], [, b]) => b - a)
    .map(([name, times]) => `${name} ${times.toLocaleString('en')}`)
    .join(', ');

const cells = (line: Line): string[] => [
  line.name,
  count(line).toLocaleString('en'),
  accepted(line).toLocaleString('en'),
  (count(line) - accepted(line)).toLocaleString('en'),
  line.seconds.toFixed(1),
];

/** The results as a table, followed by every fault. */
export const reportText = (seed: number, lines: Line[]): string => {
  const rows = [['boundary', 'cases', 'accepted', 'refused', 'seconds'], ...lines.map(cells)];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const padded = rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  '),
  );
  const table = padded.map(
    (row, at) => `${row}  ${at === 0 ? 'refusals by failure name' : names(lines[at - 1] as Line)}`,
  );
  const wrong = faults(lines).map(
    ({ line, what }) => `\n${line.name}: ${short(what)}${line.replay ? `\nreplay: ${line.replay}` : ''}`,
  );
  const total = sum(lines.map(count)).toLocaleString('en');
  const verdict =
    wrong.length === 0 ? 'every case was accepted or refused by name' : `${wrong.length} boundaries are broken`;
  return [...table, `${total} cases, seed ${seed}: ${verdict}`, ...wrong].join('\n');
};
