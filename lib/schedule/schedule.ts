import * as z from 'zod';
import { parseCron } from './cron.ts';
import { dateProblems, localMinuteProblems, localTimeForm, localTimeProblems } from './local-time.ts';
import { oldZoneNames, zoneNames } from './zone-name.ts';

type Problems = (text: string) => string[];

/** A string schema that reports each problem as an issue of its own. */
const checked = (problems: Problems) =>
  z.string().superRefine((text, context) => {
    for (const message of problems(text)) context.addIssue({ code: 'custom', message });
  });

const words = (text: string): string[] => text.trim().split(/\s+/);

const cronProblems: Problems = (text) => parseCron(text).problems ?? [];

const rateProblems: Problems = (text) => {
  const [value = '', unit = '', ...rest] = words(text);
  if (unit === '' || rest.length > 0 || /^rate\b/i.test(value)) {
    return [`found "${text}", expected a value and a unit, like "5 minutes"`];
  }
  const units = value === '1' ? ['minute', 'hour', 'day'] : ['minutes', 'hours', 'days'];
  const number = /^[1-9]\d{0,5}$/.test(value);
  return [
    ...(number ? [] : [`value: found "${value}", expected a whole number of 1-999999`]),
    ...(units.includes(unit) ? [] : [`unit: found "${unit}", expected ${units.join(', ')} after "${value}"`]),
  ];
};

/** Whether a text can be the name of a holiday file, without `.yml`. No date can. */
export const isHolidayName = (text: string): boolean => /^[a-z][a-z0-9-]{0,39}$/.test(text);

const excludeProblems: Problems = (text) => {
  if (isHolidayName(text)) return [];
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return dateProblems(text);
  return [`found "${text}", expected a date like 2026-12-25, or the name of a file in infra/holidays`];
};

/** The zone that a text may mean: a name in other letters, an old name, or the name of a city. */
const meantZone = (text: string): string | undefined => {
  const lower = text.toLowerCase().replaceAll(' ', '_');
  if (lower === 'utc') return 'UTC';
  const old = Object.keys(oldZoneNames).find((name) => name.toLowerCase() === lower);
  if (old !== undefined) return oldZoneNames[old];
  return [...zoneNames].find((name) => name.toLowerCase() === lower || name.toLowerCase().endsWith(`/${lower}`));
};

/**
 * AWS accepts names exactly as the tz database writes them. Intl also accepts offsets, any case, zones that the tz database never had, and
 * abbreviations that may mean another zone (its BST is Dhaka's).
 */
const zoneProblems: Problems = (text) => {
  if (text === 'UTC' || zoneNames.has(text)) return [];
  return [`found "${text}", expected ${meantZone(text) ?? 'a time zone name like Europe/Amsterdam, or UTC'}`];
};

const kinds = ['cron', 'rate', 'at'];

const isRecord = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const kindsOf = (value: unknown): string[] =>
  Object.entries(isRecord(value) ? value : {}).flatMap(([key, text]) =>
    kinds.includes(key) && text !== undefined ? [key] : [],
  );

/** What to do with a local time that clocks skip (`gap`) or show twice (`fold`). EventBridge does `skip` and `first`. */
export type Dst = { gap?: 'skip' | 'after' | undefined; fold?: 'first' | 'both' | 'last' | undefined };

/**
 * When a job runs: exactly one of `cron`, `rate` and `at`, by EventBridge Scheduler's rules, in a time zone.
 * `start` and `end` are inclusive local times; `exclude` holds local dates. Fields that a job file omits are absent.
 */
export type Schedule = {
  timezone: string;
  start?: string | undefined;
  end?: string | undefined;
  dst?: Dst | undefined;
  exclude?: string[] | undefined;
} & (
  | { cron: string; rate?: undefined; at?: undefined }
  | { rate: string; cron?: undefined; at?: undefined }
  | { at: string; cron?: undefined; rate?: undefined }
);

type ScheduleInput = Partial<Record<'cron' | 'rate' | 'at' | 'timezone' | 'start' | 'end', string>> &
  Pick<Schedule, 'dst' | 'exclude'>;

type Mistake = { field?: string; message: string };

const bounds = ['start', 'end'] as const;

/** The problems of fields that are valid alone but not together. */
const mistakes = (value: object): Mistake[] => {
  const given = kindsOf(value);
  const { start, end, dst, rate, at }: Record<string, unknown> = { ...value };
  const isLocalTime = (text: unknown): text is string =>
    typeof text === 'string' && localTimeProblems(text).length === 0;
  const ordered = at !== undefined || !isLocalTime(start) || !isLocalTime(end) || start < end;
  const list = given.join(' and ') || 'none';
  return [
    ...(given.length === 1 ? [] : [{ message: `give exactly one of cron, rate, at; found ${list}` }]),
    ...(at === undefined ? [] : bounds.filter((field) => field in value)).map((field) => ({
      field,
      message: `found ${field} with at, expected none: an at has one slot`,
    })),
    ...(dst !== undefined && rate !== undefined
      ? [{ field: 'dst', message: 'found dst with rate, expected none: a rate counts elapsed time' }]
      : []),
    ...(ordered ? [] : [{ field: 'end', message: `found "${end}", expected a time after start, "${start}"` }]),
  ];
};

const bound = (problems: Problems, description: string) =>
  checked(problems)
    .optional()
    .meta({ description, examples: ['2027-01-01T00:00:00'], pattern: localTimeForm.source });

const unknownFields = (fields: string, object: string) => ({
  error: (issue: z.core.$ZodRawIssue) => {
    if (issue.code === 'invalid_type') return `expected ${object}`;
    if (issue.code !== 'unrecognized_keys') return undefined;
    return `unknown field ${issue.keys.join(', ')}, expected ${fields}`;
  },
});

const Dst = z
  .strictObject(
    {
      gap: z
        .enum(['skip', 'after'], { error: ({ input }) => `found ${JSON.stringify(input)}, expected skip or after` })
        .default('skip')
        .describe(
          'A local time that clocks skip: `skip` has no slot, as in EventBridge; `after` has a slot right after the clock change.',
        ),
      fold: z
        .enum(['first', 'both', 'last'], {
          error: ({ input }) => `found ${JSON.stringify(input)}, expected first, both or last`,
        })
        .default('first')
        .describe(
          'A local time that occurs twice: due the `first` time, as in EventBridge, `both` times or the `last` time.',
        ),
    },
    unknownFields('gap or fold', 'an object with gap, fold or both'),
  )
  .optional()
  .meta({
    description:
      'What to do with local times when clocks change. The watchman starts the slots that EventBridge cannot.',
  });

const Exclude = z
  .array(checked(excludeProblems).meta({ pattern: '^(\\d{4}-\\d\\d-\\d\\d|[a-z][a-z0-9-]{0,39})$' }))
  .optional()
  .meta({
    description:
      'Local dates whose slots are recorded as skipped, or names of files in `infra/holidays` that list such dates.',
    examples: [['nl', '2026-12-24']],
  });

/** One object instead of a union of three, so that each mistake gets exactly one message. */
export const Schedule = z
  .strictObject(
    {
      cron: checked(cronProblems)
        .max(250, 'expected at most 250 characters')
        .optional()
        .meta({
          description:
            'Six fields: minutes hours day-of-month month day-of-week year, with ? in exactly one of the two day fields; 1 = Sunday. Lists, ranges, steps, names, L, W and # are allowed.',
          examples: ['0 9 ? * MON-FRI *', '0/15 8-17 * * ? *', '0 6 L * ? *'],
          pattern: '^\\s*\\S+(\\s+\\S+){5}\\s*$',
        }),
      rate: checked(rateProblems)
        .optional()
        .meta({
          description: 'A value and a unit: minute(s), hour(s) or day(s). A day is 24 hours.',
          examples: ['5 minutes', '1 hour', '7 days'],
          pattern: '^\\s*(1\\s+(minute|hour|day)|(?!1\\s)[1-9]\\d{0,5}\\s+(minutes|hours|days))\\s*$',
        }),
      at: checked(localMinuteProblems)
        .optional()
        .meta({
          description: 'One slot, at this local time: yyyy-mm-ddThh:mm:ss.',
          examples: ['2026-12-24T18:00:00'],
          pattern: localTimeForm.source,
        }),
      timezone: checked(zoneProblems)
        .max(50, 'expected at most 50 characters')
        .default('UTC')
        .meta({
          description: 'The time zone of the schedule and of dates in the prompt: a tz database name, or UTC.',
          examples: ['Europe/Amsterdam', 'America/New_York'],
        }),
      start: bound(localMinuteProblems, 'No slot before this local time: yyyy-mm-ddThh:mm:ss. A rate counts from it.'),
      end: bound(localTimeProblems, 'No slot after this local time: yyyy-mm-ddThh:mm:ss.'),
      dst: Dst,
      exclude: Exclude,
    },
    unknownFields('cron, rate, at, timezone, start, end, dst or exclude', 'an object with one of cron, rate, at'),
  )
  .superRefine(
    (schedule, context) => {
      for (const { field, message } of mistakes(schedule))
        context.addIssue({ code: 'custom', message, path: field === undefined ? [] : [field] });
    },
    { when: ({ value }) => isRecord(value) },
  )
  .meta({
    description: 'When the job runs: exactly one of cron, rate and at.',
    oneOf: kinds.map((kind) => ({ required: [kind] })),
  }) as z.ZodType<Schedule, ScheduleInput>;

/** The schedule as EventBridge Scheduler's ScheduleExpression. */
export const scheduleExpression = (schedule: Schedule): string => {
  if (schedule.cron !== undefined) return `cron(${words(schedule.cron).join(' ').toUpperCase()})`;
  if (schedule.rate !== undefined) return `rate(${words(schedule.rate).join(' ')})`;
  return `at(${schedule.at})`;
};

/** The name of a job's schedule in EventBridge Scheduler. A one-time schedule has its date in the name, because a new date needs a new schedule. */
export const scheduleName = ({ name, schedule: { at } }: { name: string; schedule: Schedule }): string =>
  at === undefined ? name : `${name}-${at.replaceAll(/[-:]/g, '')}`;
