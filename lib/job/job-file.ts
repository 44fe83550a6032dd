import { isMap, isNode, isScalar, isSeq, parseDocument, visit } from 'yaml';
import type * as z from 'zod';
import { slotsAfter } from '../schedule/calendar.ts';
import { isHolidayName, type Schedule } from '../schedule/schedule.ts';
import { slotBefore } from '../schedule/slot-before.ts';
import { byteLength, capped } from '../text.ts';
import { allowProblem } from './allow-problem.ts';
import { giveUpName, Job, JobName } from './job.ts';
import { fieldsAt, nearest } from './suggestion.ts';

/** A mistake in a file: its place, and what was found and expected there. Lines and columns count from 1. */
export type Problem = { file: string; line: number; column: number; path: string; message: string };

/** `infra/jobs/a.yml:3:11 schedule.cron: …` */
export const problemText = ({ file, line, column, path, message }: Problem): string =>
  `${file}:${line}:${column} ${path ? `${path}: ` : ''}${message}`;

/**
 * What a job file may refer to: tools by name, holiday files with their dates, and connections with the tools that they are.
 * `clash` says why two connections cannot serve one job. If `now` is given, a job that would never run again is a problem.
 */
export type Referable = {
  tools: string[];
  holidays?: Record<string, string[]>;
  connections?: Record<string, string[]>;
  clash?(one: string, other: string): string | undefined;
  now?: Date | undefined;
};

/** A parsed YAML file that can turn a path in its value into a place in the text. `value` is undefined if there are problems. */
export type Source = {
  file: string;
  value: unknown;
  at(path: PropertyKey[], message: string): Problem;
  problems: Problem[];
};

/** Parses YAML. Syntax errors, duplicate keys and aliases are problems. */
export const readYaml = (file: string, text: string): Source => {
  const place = placesIn(text);
  const document = parseDocument(text, { prettyErrors: false, stringKeys: true });
  const at = (path: PropertyKey[], message: string, offset = offsetOf(document.contents, path)): Problem => ({
    file,
    ...place(offset),
    path: capped(path.join('.'), 200),
    message: capped(message, 1000),
  });
  const faults = [...document.errors, ...document.warnings];
  const tooDeep = faults.find(({ code }) => code === 'RESOURCE_EXHAUSTION');
  const problems = tooDeep
    ? [at([], 'found more levels of nesting than can be read, expected fewer', tooDeep.pos[0])]
    : faults.map(({ code, message, pos }) =>
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

/** Converts an offset to line and column. The yaml library's own counter loses lines after a syntax error. */
const placesIn = (text: string): ((offset: number) => Pick<Problem, 'line' | 'column'>) => {
  const starts = [0, ...text.matchAll(/\n/g).map(({ index }) => index + 1)];
  return (offset) => {
    const line = starts.findLastIndex((start) => start <= offset);
    return { line: line + 1, column: offset - (starts[line] ?? 0) + 1 };
  };
};

/** Undefined if the value is nested too deep to convert. No schema accepts undefined, so the schema reports it. */
const plain = (value: () => unknown): unknown => {
  try {
    return value();
  } catch {
    return undefined;
  }
};

/** The offset of a path in the text. If the path does not exist, that of its longest existing part. */
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

const kinds: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'fields',
  record: 'fields',
  null: 'nothing',
  undefined: 'nothing',
};

/** What kind of value a file has, in its author's words. */
const kindOf = (value: unknown): string => {
  if (value === null) return 'nothing';
  return kinds[Array.isArray(value) ? 'array' : typeof value] ?? typeof value;
};

/** Zod's messages about a value of the wrong kind, in the words of a file's author. Other messages stay as they are. */
export const inOurWords = (issue: z.core.$ZodRawIssue): string | undefined => {
  if (issue.code !== 'invalid_type') return undefined;
  const isEndless = typeof issue.input === 'number' && !Number.isFinite(issue.input);
  const expected = isEndless ? 'a finite number' : (kinds[issue.expected] ?? issue.expected);
  if (issue.input === undefined) return `missing, expected ${expected}`;
  const quoted = typeof issue.input === 'number' || typeof issue.input === 'boolean' ? ` (${issue.input})` : '';
  const hint = issue.expected === 'string' && quoted ? ': put it in quotes' : '';
  return `found ${kindOf(issue.input)}${quoted}, expected ${expected}${hint}`;
};

/** A file that is not UTF-8, at its first byte that no UTF-8 text has. */
export const notUtf8 = (file: string, bytes: Uint8Array): Problem => {
  const before = new TextDecoder().decode(bytes).split('\uFFFD', 1)[0] ?? '';
  const lines = before.split('\n');
  return {
    file,
    line: lines.length,
    column: (lines.at(-1)?.length ?? 0) + 1,
    path: '',
    message: 'found a byte that is not UTF-8, expected a file saved as UTF-8',
  };
};

/** Converts zod issues to problems. An unknown field is reported at its own key, with a suggestion if a known field is near. */
export const issueProblems = (source: Source, issues: z.core.$ZodIssue[], schema: z.ZodType): Problem[] =>
  issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [source.at(issue.path, issue.message)];
    const message = issue.path[0] === 'schedule' ? issue.message : 'unknown field';
    const fields = fieldsAt(schema, issue.path);
    return issue.keys.map((key) => source.at([...issue.path, key], `${message}${suggestion(key, fields)}`));
  });

/** The name that a file gives what it holds. */
export const fileName = ({ file }: Source): string => file.replace(/^.*\//, '').replace(/\.ya?ml$/, '');

/** What is wrong with the name of a file, which is that of the `what` in it. */
export const nameProblems = (source: Source, schema: z.ZodType<string>, what: string): Problem[] =>
  schema
    .safeParse(fileName(source))
    .error?.issues.map(({ message }) => source.at([], `the file's name is the ${what}'s name: it ${message}`)) ?? [];

/** The job in a file `<name>.yml`, complete with defaults and holiday dates, or all problems of the file. */
export const readJobFile = (source: Source, referable: Referable): { job: Job } | { problems: Problem[] } => {
  if (source.problems.length > 0) return { problems: source.problems };
  const name = fileName(source);
  const badName = nameProblems(source, JobName, 'job');
  const value = typeof source.value === 'object' && source.value !== null ? source.value : {};
  const named =
    'name' in value ? [source.at(['name'], 'unknown field: the name of the file is the name of the job')] : [];
  const read = Job.safeParse({ ...value, name: badName.length > 0 ? 'unnamed' : name }, { error: inOurWords });
  const problems = [
    ...badName,
    ...named,
    ...(read.success ? [] : issueProblems(source, read.error.issues, Job)),
    ...unknownTools(source, value, referable),
    ...unknownHolidays(source, value, referable),
    ...(read.success ? jobProblems(source, read.data, referable) : []),
  ];
  if (read.success && problems.length === 0) return { job: withDates(read.data, referable) };
  return { problems };
};

/** What is wrong with a job whose fields are good each for itself. */
const jobProblems = (source: Source, job: Job, referable: Referable): Problem[] => [
  ...tooLarge(source, job),
  ...unusableTools(source, job, referable),
  ...connectionProblems(source, job, referable),
  ...neverDue(source, job, referable),
  ...refusedHosts(source, job),
];

/** Replaces the names of holiday files in `exclude` by their dates. */
const withDates = (job: Job, { holidays = {} }: Referable): Job => {
  const { exclude } = job.schedule;
  if (exclude === undefined) return job;
  const dates = exclude.flatMap((word) => (isHolidayName(word) ? (holidays[word] ?? []) : [word]));
  return { ...job, schedule: { ...job.schedule, exclude: [...new Set(dates)].sort() } };
};

/** The maximum size of a job as JSON, in UTF-8 bytes. Each run stores its job in one item, which DynamoDB limits to 400 KB. */
const maxJobBytes = 256 * 1024;

const tooLarge = (source: Source, job: Job): Problem[] => {
  const size = byteLength(JSON.stringify(job));
  if (size <= maxJobBytes) return [];
  return [source.at([], `found a job of ${size} bytes, expected at most ${maxJobBytes}: each run stores a copy`)];
};

const refusedHosts = (source: Source, { allow }: Job): Problem[] =>
  allow.flatMap((entry, at) => {
    const problem = allowProblem(entry);
    return problem === undefined ? [] : [source.at(['allow', at], problem)];
  });

const unknownTools = (source: Source, value: object, { tools }: Referable): Problem[] => {
  if (!('tools' in value) || !Array.isArray(value.tools)) return [];
  return value.tools.flatMap((tool: unknown, at) => {
    if (tool === giveUpName)
      return [source.at(['tools', at], `found ${giveUpName}, which every job has: leave it out`)];
    return typeof tool === 'string' && !tools.includes(tool)
      ? [source.at(['tools', at], `unknown tool "${tool}", expected one of ${tools.join(', ')}`)]
      : [];
  });
};

/** `needs` and `limits.effects` name tools of the job. The tool that every agent has is not listed. */
const unusableTools = (source: Source, job: Job, { connections = {} }: Referable): Problem[] => {
  const { needs = [], limits } = job;
  const effects = limits.effects ?? {};
  const tools = [...job.tools, ...job.connections.flatMap((name) => connections[name] ?? [])];
  const expected = tools.length > 0 ? `expected one of its tools: ${tools.join(', ')}` : 'and the job has no tools';
  const foreign = (tool: string, path: PropertyKey[]): Problem[] =>
    tools.includes(tool) ? [] : [source.at(path, `found "${tool}", which is no tool of the job, ${expected}`)];
  return [
    ...needs.flatMap((tool, at) => foreign(tool, ['needs', at])),
    ...Object.keys(effects).flatMap((tool) => foreign(tool, ['limits', 'effects', tool])),
  ];
};

const connectionProblems = (source: Source, { tools, connections: named }: Job, referable: Referable): Problem[] => {
  const { connections = {}, clash } = referable;
  const names = Object.keys(connections);
  return named.flatMap((name, at) => {
    const problem = (message: string): Problem => source.at(['connections', at], message);
    if (!Object.hasOwn(connections, name)) {
      const expected = names.length > 0 ? `one of ${names.join(', ')}` : `a file infra/connections/${name}.yml`;
      return [problem(`unknown connection "${name}", expected ${expected}${suggestion(name, names)}`)];
    }
    if (named.indexOf(name) < at) return [problem(`found ${name} twice, expected it once`)];
    const taken = (connections[name] ?? []).filter((tool) => tools.includes(tool) || referable.tools.includes(tool));
    const clashes = named.slice(0, at).flatMap((other) => clash?.(name, other) ?? []);
    return [...taken.map((tool) => `its tool ${tool} has the name of a file in lib/tools`), ...clashes].map(problem);
  });
};

const unknownHolidays = (source: Source, value: object, { holidays = {} }: Referable): Problem[] => {
  const schedule: unknown = 'schedule' in value ? value.schedule : undefined;
  const exclude: unknown = schedule instanceof Object && 'exclude' in schedule ? schedule.exclude : undefined;
  if (!Array.isArray(exclude)) return [];
  const names = Object.keys(holidays);
  const expected = names.length > 0 ? `one of ${names.join(', ')}, or a date` : 'a date: there are no holiday files';
  return exclude.flatMap((word: unknown, at) =>
    typeof word === 'string' && isHolidayName(word) && !Object.hasOwn(holidays, word)
      ? [source.at(['schedule', 'exclude', at], `no file holidays/${word}.yml, expected ${expected}`)]
      : [],
  );
};

const isDue = (schedule: Schedule, after: Date): boolean =>
  slotsAfter(schedule, after, { anchor: after }).some(({ skip }) => skip === undefined);

const neverDue = (source: Source, job: Job, { now }: Referable): Problem[] => {
  const { enabled, schedule } = job;
  if (!enabled || now === undefined || isDue(schedule, now)) return [];
  if (schedule.at === undefined) return noLongerDue(source, schedule, now);
  const found = `found ${schedule.at} in ${schedule.timezone}`;
  const message = isDue(schedule, new Date(0))
    ? `${found}, which is in the past, expected a later time. Remove the file or set enabled: false; the history of its run stays`
    : `${found}, which clocks skip, expected a time that exists, or dst: { gap: after }`;
  return [source.at(['schedule', 'at'], message)];
};

/** The problem of a cron or rate without a slot from `now` on. */
const noLongerDue = (source: Source, schedule: Schedule, now: Date): Problem[] => {
  const field = schedule.end !== undefined ? 'end' : schedule.cron !== undefined ? 'cron' : 'rate';
  const found = `found ${schedule[field]}`;
  const last = slotBefore(schedule, now.getTime(), { anchor: new Date(0) });
  const message = last
    ? `${found}, whose last slot was ${last.slot}, expected one that is still due. Remove the file or set enabled: false; the history of its runs stays`
    : `${found}, by which the job has no slot, expected at least one`;
  return [source.at(['schedule', field], message)];
};
