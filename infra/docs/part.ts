/** One generated part of the repository: a whole file, or the lines of a document between `<!-- name -->` and `<!-- /name -->`. */
export type Part = { file: string; name?: string; content(): string | Promise<string> };

/** The text with new lines between the marks of `name`. Throws where the marks are missing. */
export const withPart = (file: string, text: string, name: string, content: string): string => {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${file}: found no ${start} followed by ${end}, expected both`);
  return `${text.slice(0, from + start.length)}\n${content}\n${text.slice(to)}`;
};

const cell = (text: string): string => text.replaceAll('\n', ' ').replaceAll('|', '\\|');

/** A Markdown table. */
export const markdownTable = (heads: string[], rows: string[][]): string => {
  const line = (cells: string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(heads), `|${heads.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
};
