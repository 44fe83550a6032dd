import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type * as z from 'zod';
import { Job, JobName } from './job.ts';

/** Something wrong in a file: where, and what was found and expected. Lines and columns count from 1. */
export type Problem = { file: string; line: number; column: number; path: string; message: string };

/** `infra/jobs/a.yml:3:11 schedule.cron: …` */
export const problemText = ({ file, line, column, path, message }: Problem): string =>
  `${file}:${line}:${column} ${path ? `${path}: ` : ''}${message}`;

/** What a job may refer to outside its file. */
export type Known = { tools: string[] };

/** A YAML file read with its positions, so that what is wrong with a value can be said of its line. */
export type Source = {
  file: string;
  value: unknown;
  at(path: PropertyKey[], message: string): Problem;
  problems: Problem[];
};

/** Reads YAML. Syntax errors, duplicate keys and aliases are problems; then there is no value. */
export const readYaml = (file: string, text: string): Source => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (path: PropertyKey[], message: string, offset = offsetOf(document.contents, path)): Problem => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col, path: path.join('.'), message };
  };
  const problems = [...document.errors, ...document.warnings].map(({ message, pos }) => at([], message, pos[0]));
  visit(document, {
    Alias: (_, { source, range }) => {
      if (source)
        problems.push(
          at([], `found alias *${source}, expected a value (text that begins with * needs quotes)`, range?.[0]),
        );
    },
  });
  return {
    file,
    value: problems.length > 0 ? undefined : plain(() => document.toJS()),
    at: (path, message) => at(path, message),
    problems,
  };
};

/** Undefined instead of a throw: what cannot be made plain (nested too deep) fits no schema and is told there. */
const plain = (value: () => unknown): unknown => {
  try {
    return value();
  } catch {
    return undefined;
  }
};

/** Where a path starts in the text: the key or item of its last part that is there. */
const offsetOf = (contents: unknown, path: PropertyKey[]): number => {
  let place: Place = { start: rangeOf(contents), node: contents };
  for (const part of path) {
    const inner = inside(place.node, part);
    if (inner?.start === undefined) break;
    place = inner;
  }
  return place.start ?? 0;
};

type Place = { start: number | undefined; node: unknown };

const inside = (node: unknown, part: PropertyKey): Place | undefined => {
  if (isSeq(node)) return { start: rangeOf(node.items[Number(part)]), node: node.items[Number(part)] };
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === part);
  return pair && { start: rangeOf(pair.key), node: pair.value };
};

const rangeOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);

/** Each problem of a value, one a zod issue; an unknown field is shown at its own key. */
export const issueProblems = (source: Source, issues: z.core.$ZodIssue[]): Problem[] =>
  issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [source.at(issue.path, issue.message)];
    const message = issue.path[0] === 'schedule' ? issue.message : 'unknown field';
    return issue.keys.map((key) => source.at([...issue.path, key], message));
  });

/** The job in a file named `<name>.yml`, or everything that is wrong with it. */
export const readJobFile = (source: Source, known: Known): { job: Job } | { problems: Problem[] } => {
  if (source.problems.length > 0) return { problems: source.problems };
  const name = source.file.replace(/^.*\//, '').replace(/\.ya?ml$/, '');
  const badName =
    JobName.safeParse(name).error?.issues.map(({ message }) =>
      source.at([], `the file's name is the job's: it ${message}`),
    ) ?? [];
  const value = typeof source.value === 'object' && source.value !== null ? source.value : {};
  const named =
    'name' in value ? [source.at(['name'], 'unknown field: the name of the file is the name of the job')] : [];
  const read = Job.safeParse({ ...value, name: badName.length > 0 ? 'unnamed' : name });
  const problems = [
    ...badName,
    ...named,
    ...(read.success ? [] : issueProblems(source, read.error.issues)),
    ...unknownTools(source, value, known),
  ];
  if (read.success && problems.length === 0) return { job: read.data };
  return { problems };
};

const unknownTools = (source: Source, value: object, { tools }: Known): Problem[] => {
  if (!('tools' in value) || !Array.isArray(value.tools)) return [];
  return value.tools.flatMap((tool: unknown, at) =>
    typeof tool === 'string' && !tools.includes(tool)
      ? [source.at(['tools', at], `unknown tool "${tool}", expected one of ${tools.join(', ')}`)]
      : [],
  );
};
