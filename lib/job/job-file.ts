import { isMap, isNode, isScalar, isSeq, parseDocument, visit } from 'yaml';
import type * as z from 'zod';
import { slotsAfter } from '../schedule/calendar.ts';
import { isHolidayName, type Schedule } from '../schedule/schedule.ts';
import { byteLength, capped } from '../text.ts';
import { Job, JobName } from './job.ts';
import { fieldsAt, nearest } from './suggestion.ts';

/** Something wrong in a file: where, and what was found and expected. Lines and columns count from 1. */
export type Problem = { file: string; line: number; column: number; path: string; message: string };

/** `infra/jobs/a.yml:3:11 schedule.cron: …` */
export const problemText = ({ file, line, column, path, message }: Problem): string =>
  `${file}:${line}:${column} ${path ? `${path}: ` : ''}${message}`;

/**
 * What a job may refer to outside its file: tools, and files of holidays with their dates. Where `now` is given, a one-time job
 * whose time is over is refused: it would never run.
 */
export type Known = { tools: string[]; holidays?: Record<string, string[]>; now?: Date | undefined };

/** A YAML file read with its positions, so that what is wrong with a value can be said of its line. */
export type Source = {
  file: string;
  value: unknown;
  at(path: PropertyKey[], message: string): Problem;
  problems: Problem[];
};

/** Reads YAML. Syntax errors, duplicate keys and aliases are problems; then there is no value. */
export const readYaml = (file: string, text: string): Source => {
  const place = placesIn(text);
  const document = parseDocument(text, { prettyErrors: false, stringKeys: true });
  const at = (path: PropertyKey[], message: string, offset = offsetOf(document.contents, path)): Problem => ({
    file,
    ...place(offset),
    path: capped(path.join('.'), 200),
    message: capped(message, 1000),
  });
  const wrong = [...document.errors, ...document.warnings];
  const tooDeep = wrong.find(({ code }) => code === 'RESOURCE_EXHAUSTION');
  const problems = tooDeep
    ? [at([], 'found more levels of nesting than can be read, expected fewer', tooDeep.pos[0])]
    : wrong.map(({ code, message, pos }) =>
        at([], code === 'NON_STRING_KEY' ? 'found a list or a mapping as a field, expected a name' : message, pos[0]),
      );
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

/** Line and column of an offset, counted in the text itself: the library's own counter loses lines after a syntax error. */
const placesIn = (text: string): ((offset: number) => Pick<Problem, 'line' | 'column'>) => {
  const starts = [0, ...text.matchAll(/\n/g).map(({ index }) => index + 1)];
  return (offset) => {
    const line = starts.findLastIndex((start) => start <= offset);
    return { line: line + 1, column: offset - (starts[line] ?? 0) + 1 };
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

const suggestion = (key: string, fields: string[]): string => {
  const field = nearest(key, fields);
  return field === undefined ? '' : `, did you mean ${field}?`;
};

/** Each problem of a value, one a zod issue; an unknown field is shown at its own key. */
export const issueProblems = (source: Source, issues: z.core.$ZodIssue[], schema: z.ZodType): Problem[] =>
  issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [source.at(issue.path, issue.message)];
    const message = issue.path[0] === 'schedule' ? issue.message : 'unknown field';
    const fields = fieldsAt(schema, issue.path);
    return issue.keys.map((key) => source.at([...issue.path, key], `${message}${suggestion(key, fields)}`));
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
    ...(read.success ? tooLarge(source, read.data) : issueProblems(source, read.error.issues, Job)),
    ...unknownTools(source, value, known),
    ...unknownHolidays(source, value, known),
    ...(read.success ? neverDue(source, read.data, known) : []),
  ];
  if (read.success && problems.length === 0) return { job: withDates(read.data, known) };
  return { problems };
};

/** The job with the dates of its files of holidays in the place of their names. */
const withDates = (job: Job, { holidays = {} }: Known): Job => {
  const { exclude } = job.schedule;
  if (exclude === undefined) return job;
  const dates = exclude.flatMap((word) => (isHolidayName(word) ? (holidays[word] ?? []) : [word]));
  return { ...job, schedule: { ...job.schedule, exclude: [...new Set(dates)].sort() } };
};

/** What a job may take, in UTF-8 bytes of JSON: each of its runs keeps it whole, in an item of 400 KB. */
const maxJobBytes = 256 * 1024;

const tooLarge = (source: Source, job: Job): Problem[] => {
  const size = byteLength(JSON.stringify(job));
  if (size <= maxJobBytes) return [];
  return [source.at([], `found a job of ${size} bytes, expected at most ${maxJobBytes}: each run keeps it`)];
};

const unknownTools = (source: Source, value: object, { tools }: Known): Problem[] => {
  if (!('tools' in value) || !Array.isArray(value.tools)) return [];
  return value.tools.flatMap((tool: unknown, at) =>
    typeof tool === 'string' && !tools.includes(tool)
      ? [source.at(['tools', at], `unknown tool "${tool}", expected one of ${tools.join(', ')}`)]
      : [],
  );
};

const unknownHolidays = (source: Source, value: object, { holidays = {} }: Known): Problem[] => {
  const schedule: unknown = 'schedule' in value ? value.schedule : undefined;
  const exclude: unknown = schedule instanceof Object && 'exclude' in schedule ? schedule.exclude : undefined;
  if (!Array.isArray(exclude)) return [];
  const files = Object.keys(holidays).join(', ') || 'none is there';
  return exclude.flatMap((word: unknown, at) =>
    typeof word === 'string' && isHolidayName(word) && !Object.hasOwn(holidays, word)
      ? [source.at(['schedule', 'exclude', at], `no file holidays/${word}.yml, expected one of ${files}, or a date`)]
      : [],
  );
};

const isDue = (schedule: Schedule, after: Date): boolean => !slotsAfter(schedule, after, { anchor: after }).next().done;

const neverDue = (source: Source, { enabled, schedule }: Job, { now }: Known): Problem[] => {
  if (!enabled || schedule.at === undefined || now === undefined || isDue(schedule, now)) return [];
  const found = `found ${schedule.at} in ${schedule.timezone}`;
  const message = isDue(schedule, new Date(0))
    ? `${found}, which is over, expected a later time. Remove the file or set enabled: false; the history of its run stays`
    : `${found}, which clocks jump over, expected a time that there is, or dst: { gap: after }`;
  return [source.at(['schedule', 'at'], message)];
};
