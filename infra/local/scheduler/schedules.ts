import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { slotsAfter } from '../../../lib/schedule/calendar.ts';
import { Schedule } from '../../../lib/schedule/schedule.ts';
import { readAllValid, replaceFile } from '../json-file.ts';

const parts = (expression: string): { kind: string; text: string } | undefined => {
  const [, kind, text] = /^(cron|rate|at)\((.*)\)$/.exec(expression) ?? [];
  return kind === undefined || text === undefined ? undefined : { kind, text };
};

/** The schedule of an EventBridge Scheduler expression, or what is wrong with it. */
const readExpression = (
  expression: string,
  timezone: string,
): { schedule: Schedule } | { field: 'ScheduleExpression' | 'ScheduleExpressionTimezone'; message: string } => {
  const found = parts(expression);
  if (found === undefined) return { field: 'ScheduleExpression', message: 'expected cron(…), rate(…) or at(…)' };
  const read = Schedule.safeParse({ [found.kind]: found.text, timezone });
  if (read.success) return { schedule: read.data };
  const [issue] = read.error.issues;
  const field = issue?.path[0] === 'timezone' ? 'ScheduleExpressionTimezone' : 'ScheduleExpression';
  return { field, message: issue?.message ?? 'expected a schedule' };
};

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

const Target = z.object({
  Arn: z
    .string()
    .regex(
      /^arn:aws:lambda:[^:]+:\d+:function:[\w-]+$/,
      'must be the ARN of a Lambda function: the local Scheduler has no other targets',
    ),
  RoleArn: z.string().min(1),
  Input: z.string().refine(isJson, 'must be JSON').optional(),
  RetryPolicy: z
    .object({
      MaximumRetryAttempts: z.int().min(0).max(185).default(185),
      MaximumEventAgeInSeconds: z.int().min(60).max(86_400).default(86_400),
    })
    .prefault({}),
  DeadLetterConfig: z.object({ Arn: z.string().optional() }).optional(),
});

/** What CreateSchedule and UpdateSchedule set, with AWS's own defaults. Dates are epoch seconds, as on the wire. */
export const Settings = z
  .object({
    ScheduleExpression: z.string().min(1).max(256),
    ScheduleExpressionTimezone: z.string().min(1).max(50).default('UTC'),
    StartDate: z.number().optional(),
    EndDate: z.number().optional(),
    Description: z.string().max(512).optional(),
    State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
    ActionAfterCompletion: z.enum(['NONE', 'DELETE']).default('NONE'),
    FlexibleTimeWindow: z.object({
      Mode: z.literal('OFF', 'expected OFF: the local Scheduler has no flexible windows'),
    }),
    Target,
  })
  .superRefine(({ ScheduleExpression, ScheduleExpressionTimezone, StartDate, EndDate }, context) => {
    const read = readExpression(ScheduleExpression, ScheduleExpressionTimezone);
    if ('message' in read) context.addIssue({ code: 'custom', path: [read.field], message: read.message });
    if (StartDate !== undefined && EndDate !== undefined && EndDate <= StartDate)
      context.addIssue({ code: 'custom', path: ['EndDate'], message: 'must be after StartDate' });
  });
export type Settings = z.infer<typeof Settings>;

/** A schedule on disk. Every slot up to `handledTo` was fired or passed over. Instants are epoch milliseconds. */
export const Stored = z.object({
  name: z.string().regex(/^[0-9a-zA-Z_.-]{1,64}$/, 'must be 1 to 64 letters, digits, -, _ and .'),
  settings: Settings,
  createdAt: z.number(),
  modifiedAt: z.number(),
  handledTo: z.number(),
  /** The ClientToken of its creation, by which a repeated request is recognized. */
  token: z.string(),
});
export type Stored = z.infer<typeof Stored>;

export type Schedules = {
  read(name: string): Stored | undefined;
  /** Replaces the schedule's file. Only the process that holds the directory's lock writes. */
  write(schedule: Stored): void;
  remove(name: string): void;
  /** In the order of their names. */
  all(): Stored[];
};

/** The schedules of a local service, one file each in `<dir>/schedules`. An invalid file is set aside and reported. */
export const openSchedules = (dir: string, report: (error: unknown) => void): Schedules => {
  const path = join(dir, 'schedules');
  mkdirSync(path, { recursive: true });
  const stored = new Map(readAllValid(path, Stored.parse, report).map((schedule) => [schedule.name, schedule]));
  const file = (name: string) => join(path, `${name}.json`);
  return {
    read: (name) => stored.get(name),
    write: (schedule) => {
      replaceFile(file(schedule.name), JSON.stringify(schedule));
      stored.set(schedule.name, schedule);
    },
    remove: (name) => {
      rmSync(file(name), { force: true });
      stored.delete(name);
    },
    all: () => [...stored.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
};

/** `handledTo` of a new schedule. AWS fires a rate as soon as it is created, and everything else later. */
export const beforeFirst = ({ ScheduleExpression }: Settings, now: number): number =>
  ScheduleExpression.startsWith('rate(') ? Math.floor(now / 1000) * 1000 - 1 : now;

/** The instants after `after` at which a schedule fires. StartDate and EndDate are inclusive; a one-time schedule ignores them. */
export function* firings({ settings, createdAt }: Stored, after: number): Generator<number> {
  const { ScheduleExpression, ScheduleExpressionTimezone, StartDate, EndDate } = settings;
  const read = readExpression(ScheduleExpression, ScheduleExpressionTimezone);
  if (!('schedule' in read)) return;
  const bounded = read.schedule.at === undefined;
  const start = bounded && StartDate !== undefined ? StartDate * 1000 : undefined;
  const end = bounded && EndDate !== undefined ? EndDate * 1000 : Number.POSITIVE_INFINITY;
  const from = new Date(Math.max(after, (start ?? 0) - 1));
  for (const { slot } of slotsAfter(read.schedule, from, { anchor: new Date(start ?? createdAt) })) {
    const instant = Date.parse(slot);
    if (instant > end) return;
    yield instant;
  }
}
