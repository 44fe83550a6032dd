import { globSync, readFileSync } from 'node:fs';

/** One fenced block of a document: the word after its fence, its lines, and the line it begins at. */
export type Block = { file: string; line: number; kind: string; text: string };

/** Every document of the repository. */
export const documents = globSync(['*.md', 'infra/**/README.md', 'lib/**/README.md']).sort();

export const textOf = (file: string): string => readFileSync(file, 'utf8');

export const blocksOf = (file: string): Block[] => {
  const text = textOf(file);
  return [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(({ index, 1: kind = '', 2: body = '' }) => ({
    file,
    line: text.slice(0, index).split('\n').length,
    kind: kind.trim(),
    text: body,
  }));
};

/** The blocks that are files of the repository, by the path in their first line: `# infra/jobs/report.yml`. */
export const filesIn = (file: string): Record<string, string> =>
  Object.fromEntries(
    blocksOf(file).flatMap(({ text }) => {
      const path = /^(?:#|\/\/) ((?:infra|lib)\/\S+\.(?:yml|ts))\n/.exec(text)?.[1];
      return path === undefined ? [] : [[path, text]];
    }),
  );

/** The files of a document in one directory, by their names without an ending. */
export const filesAt = (file: string, directory: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(filesIn(file))
      .filter(([path]) => path.startsWith(`${directory}/`))
      .map(([path, text]) => [path.slice(directory.length + 1).replace(/\.\w+$/, ''), text]),
  );
