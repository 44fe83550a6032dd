import { readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import * as z from 'zod';
import { awsFailure } from './stage-executions.ts';

/** One structured line of a function's log. */
export type LogLine = {
  at: string;
  function: string;
  level: string;
  message: string;
  fields: Record<string, unknown>;
};

/** Which lines: those of a run, in a range of time, at most so many. */
export type LogQuery = { run: string; from: Date; to: Date; limit: number };
export type LogLines = { lines: LogLine[]; more: boolean };

/** The functions of a stage. Each has a log group. */
export const loggingFunctions = ['dispatch', 'attempt', 'triage', 'settle', 'watchman'];

/** How many pages of one log group are read: most are empty where a group is busy. */
const maxPages = 100;

const Line = z.looseObject({
  level: z.string().default('INFO'),
  message: z.string().default(''),
  timestamp: z.string(),
  run: z.string(),
});

/** A line of text as a line of that run, or nothing. */
const lineOf = (name: string, text: string, { run, from, to }: LogQuery): LogLine[] => {
  if (!text.includes(run)) return [];
  try {
    const read = Line.safeParse(JSON.parse(text)).data;
    if (read?.run !== run) return [];
    const { level, message, timestamp, run: _, ...fields } = read;
    const at = Date.parse(timestamp);
    return at >= from.getTime() && at <= to.getTime()
      ? [{ at: timestamp, function: name, level, message, fields }]
      : [];
  } catch {
    return [];
  }
};

/** The first lines of all, the oldest first. */
const merged = (all: LogLine[], more: boolean, { limit }: LogQuery): LogLines => {
  const sorted = all.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  return { lines: sorted.slice(0, limit), more: more || sorted.length > limit };
};

/** Reads the lines that the local service keeps in `<data>/logs`. A directory that is missing holds none. */
export const localLogLines = async (data: string, query: LogQuery): Promise<LogLines> => {
  const directory = join(resolve(data), 'logs');
  const files = (await readdir(directory).catch(() => [])).filter((file) => file.endsWith('.jsonl'));
  const read = await Promise.all(
    files.map(async (file) => {
      const name = basename(file).replace(/(\.old)?\.jsonl$/, '');
      const text = await readFile(join(directory, file), 'utf8').catch(() => '');
      return text.split('\n').flatMap((line) => lineOf(name, line, query));
    }),
  );
  return merged(read.flat(), false, query);
};

/** Reads the lines of a deployed stage from CloudWatch Logs. Throws Unauthorized, StoreUnavailable. */
export const stageLogLines = async (stage: string, region: string, query: LogQuery): Promise<LogLines> => {
  const { CloudWatchLogsClient, FilterLogEventsCommand } = await import('@aws-sdk/client-cloudwatch-logs');
  const client = new CloudWatchLogsClient({ region, maxAttempts: 4 });
  const { run, from, to, limit } = query;
  const linesOf = async (name: string): Promise<LogLines> => {
    const logGroupName = `/aws/lambda/nightshift-${stage}-${name}`;
    const asked = { logGroupName, filterPattern: `{ $.run = "${run}" }`, startTime: +from, endTime: +to, limit };
    const lines: LogLine[] = [];
    let nextToken: string | undefined;
    for (let page = 0; page < maxPages; page += 1) {
      const answer = await client.send(new FilterLogEventsCommand({ ...asked, nextToken }));
      lines.push(...(answer.events ?? []).flatMap(({ message = '' }) => lineOf(name, message, query)));
      nextToken = answer.nextToken;
      if (nextToken === undefined || lines.length > limit) break;
    }
    return { lines, more: nextToken !== undefined };
  };
  /** A function that has never run has no log group. */
  const orNone = (name: string) => (cause: unknown) => {
    if (cause instanceof Error && cause.name === 'ResourceNotFoundException') return { lines: [], more: false };
    throw awsFailure(`log group of ${name}`, cause);
  };
  try {
    const found = await Promise.all(loggingFunctions.map((name) => linesOf(name).catch(orNone(name))));
    return merged(
      found.flatMap(({ lines }) => lines),
      found.some(({ more }) => more),
      query,
    );
  } finally {
    client.destroy();
  }
};
