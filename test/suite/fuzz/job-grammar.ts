import fc from 'fast-check';
import type { Schedule } from '../../../lib/schedule/schedule.ts';
import { anyText } from './hostile-text.ts';

const months = ['JAN', 'feb', 'Mar', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const weekdays = ['SUN', 'mon', 'Tue', 'WED', 'THU', 'FRI', 'SAT'];

const number = (min: number, max: number, names: string[] = []) =>
  fc.oneof(fc.integer({ min, max }).map(String), ...(names.length > 0 ? [fc.constantFrom(...names)] : []));

/**
 * A field of a cron: a list of values and ranges, with steps where the field allows them. A range has two numbers or two names, and wraps only
 * without a step.
 */
const field = (min: number, max: number, { names = [], steps = 0 }: { names?: string[]; steps?: number } = {}) => {
  const value = number(min, max, names);
  const plain = fc.integer({ min, max });
  const numbers = fc.tuple(plain, plain);
  const range = fc.oneof(
    numbers.map(([a, b]) => `${a}-${b}`),
    ...(names.length > 0
      ? [fc.tuple(fc.constantFrom(...names), fc.constantFrom(...names)).map((two) => two.join('-'))]
      : []),
  );
  const rising = numbers.map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const stepped = fc
    .tuple(fc.oneof(fc.constant('*'), value, rising), fc.integer({ min: 1, max: Math.max(1, steps) }))
    .map(([from, step]) => `${from}/${step}`);
  const item = steps > 0 ? fc.oneof(value, range, stepped) : fc.oneof(value, range);
  return fc.oneof(fc.constant('*'), fc.array(item, { minLength: 1, maxLength: 3 }).map(String));
};

const someYears = fc.oneof(
  fc.constant('*'),
  fc.integer({ min: 1970, max: 2199 }).map(String),
  fc.tuple(fc.integer({ min: 1970, max: 2000 }), fc.integer({ min: 2001, max: 2199 })).map(([a, b]) => `${a}-${b}`),
  fc.integer({ min: 1, max: 229 }).map((step) => `*/${step}`),
);
const dayFields = fc.oneof(
  fc.tuple(
    fc.oneof(
      field(1, 28, { steps: 31 }),
      fc.constantFrom('L', 'LW', 'l', 'lw'),
      number(1, 28).map((day) => `${day}W`),
    ),
    fc.constant('?'),
  ),
  fc.tuple(
    fc.constant('?'),
    fc.oneof(
      field(1, 7, { names: weekdays }),
      number(1, 7, weekdays).map((day) => `${day}L`),
      fc.tuple(number(1, 7, weekdays), fc.integer({ min: 1, max: 5 })).map(([day, nth]) => `${day}#${nth}`),
    ),
  ),
);

/** A cron that EventBridge Scheduler accepts. Every month has one of its days. */
export const cronText = fc
  .tuple(
    field(0, 59, { steps: 59 }),
    field(0, 23, { steps: 23 }),
    dayFields,
    field(1, 12, { names: months, steps: 12 }),
    someYears,
    fc.constantFrom(' ', '  ', '\t'),
  )
  .map(([minutes, hours, [ofMonth, ofWeek], month, years, gap]) =>
    [minutes, hours, ofMonth, month, ofWeek, years].join(gap),
  )
  .filter((text) => text.length <= 250);

const rateText = fc.oneof(
  fc.constantFrom('1 minute', '1 hour', ' 1  day '),
  fc
    .tuple(fc.integer({ min: 2, max: 999_999 }), fc.constantFrom('minutes', 'hours', 'days'))
    .map((parts) => parts.join(' ')),
);
/** A local time in whole minutes. */
const atText = fc
  .date({ min: new Date('1970-01-01'), max: new Date('2199-12-31'), noInvalidDate: true })
  .map((date) => `${date.toJSON().slice(0, 16)}:00`);
const zone = fc.constantFrom(
  'UTC',
  'Europe/Amsterdam',
  'America/New_York',
  'Australia/Lord_Howe',
  'America/Argentina/Buenos_Aires',
  'Etc/GMT+12',
);

type Kind = Partial<Record<'cron' | 'rate' | 'at', string>>;
type More = { start?: string; end?: string; dst?: Schedule['dst']; exclude?: string[] };

export type ScheduleFields = Kind & More & { timezone?: string };

/** Distinct dates in order, as a job holds them. */
const dates = fc
  .uniqueArray(
    atText.map((text) => text.slice(0, 10)),
    { maxLength: 3 },
  )
  .map((all) => all.sort());
const dst = fc.record(
  {
    gap: fc.constantFrom('skip' as const, 'after' as const),
    fold: fc.constantFrom('first' as const, 'both' as const, 'last' as const),
  },
  { requiredKeys: [] },
);
const bounds = fc.uniqueArray(atText, { minLength: 2, maxLength: 2 }).map((two) => {
  const [start = '', end = ''] = two.sort();
  return { start, end };
});

/** The further fields of a schedule: an `at` has no bounds, a `rate` no `dst`. */
const moreOf = (kind: Kind): fc.Arbitrary<More> =>
  fc
    .record({
      bounds: kind.at === undefined ? fc.option(bounds, { nil: {}, freq: 2 }) : fc.constant({}),
      dst: kind.rate === undefined ? fc.option(dst, { nil: undefined, freq: 2 }) : fc.constant(undefined),
      exclude: fc.option(dates, { nil: undefined, freq: 2 }),
    })
    .map(({ bounds, dst, exclude }) => ({ ...bounds, ...(dst && { dst }), ...(exclude && { exclude }) }));

/** A valid schedule. */
export const scheduleFields: fc.Arbitrary<ScheduleFields> = fc
  .tuple(
    fc.oneof(
      { weight: 3, arbitrary: cronText.map((cron): Kind => ({ cron })) },
      rateText.map((rate): Kind => ({ rate })),
      atText.map((at): Kind => ({ at })),
    ),
    fc.option(zone, { nil: undefined }),
  )
  .chain(([kind, timezone]) =>
    moreOf(kind).map((more) => ({ ...kind, ...more, ...(timezone !== undefined && { timezone }) })),
  );

/** A prompt: any text without `$`, mixed with known placeholders. */
const prompt = fc
  .array(
    fc.oneof(
      anyText.map((text) => text.replaceAll('$', 'S')),
      fc.constantFrom('Go.', '${date}', '${weekday}', '$${plain}', '\n'),
    ),
    { maxLength: 4 },
  )
  .map((parts) => `Go. ${parts.join('')}`);

/** A prompt near or beyond the size of a run item. */
const longPrompt = fc
  .tuple(fc.constantFrom('x', '漢', '"', '\ud800'), fc.constantFrom(30_000, 60_000, 120_000, 250_000))
  .map(([one, times]) => one.repeat(times));

const schema: fc.Arbitrary<Record<string, unknown>> = fc.constantFrom<Record<string, unknown>[]>(
  { type: 'object', required: ['a'], properties: { a: { type: 'string' } } },
  { type: 'array', items: { type: 'integer', minimum: 0 }, maxItems: 3 },
  { $defs: { tree: { type: 'object', properties: { next: { $ref: '#/$defs/tree' } } } }, $ref: '#/$defs/tree' },
  { anyOf: [{ type: 'null' }, { const: 1 }, { enum: ['x', 'y'] }] },
  {},
);
const count = (max: number) => fc.integer({ min: 1, max });

/** The content of a valid job file. */
export const jobFields: fc.Arbitrary<Record<string, unknown>> = fc.record(
  {
    schedule: scheduleFields,
    model: fc.constantFrom(
      'anthropic/claude-sonnet-4-5',
      'scripted/test',
      'bedrock/eu.anthropic.claude-haiku-4-5-20251001-v1:0',
      'openai-compatible/org/name:7b',
    ),
    prompt: fc.oneof({ weight: 200, arbitrary: prompt }, longPrompt),
    description: anyText.map((text) => text.slice(0, 200)),
    system: prompt,
    tools: fc.subarray(['http_get', 'http_post', 'list_runs', 'previous_result']),
    allow: fc.array(fc.constantFrom('example.com', '*.example.com', 'localhost:8080', '127.0.0.1', '[::1]:8080'), {
      maxLength: 3,
    }),
    result: schema,
    limits: fc.record(
      {
        steps: count(10_000),
        seconds: count(14_400),
        tokens: count(10_000_000),
        usd: fc.double({ min: 0.01, max: 1000, noNaN: true }),
        callSeconds: count(290),
        toolSeconds: count(300),
      },
      { requiredKeys: [] },
    ),
    retry: fc.record(
      {
        attempts: count(10),
        firstDelaySeconds: count(3600),
        factor: fc.integer({ min: 1, max: 10 }),
        maxDelaySeconds: count(3600),
        note: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
    enabled: fc.boolean(),
  },
  { requiredKeys: ['schedule', 'model', 'prompt'] },
);

const flow = (value: unknown): string => JSON.stringify(value);

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const block = (fields: Record<string, unknown>, indent: string, flat: boolean): string[] =>
  Object.entries(fields).flatMap(([key, value]) => {
    if (flat || indent.length > 8 || !isMap(value) || Object.keys(value).length === 0)
      return [`${indent}${key}: ${flow(value)}`];
    return [`${indent}${key}:`, ...block(value, `${indent}  `, key === 'result')];
  });

/** How a file is written. Every style is YAML of the same content. */
export const style = fc.record({
  flat: fc.boolean(),
  ending: fc.constantFrom('\n', '\r\n'),
  head: fc.constantFrom('', '# A job.\n', '\ufeff', '---\n', '%YAML 1.2\n---\n'),
});

/** Writes YAML without the library that reads it. Its values are JSON, which is YAML too. */
export const yamlText = (
  fields: Record<string, unknown>,
  { flat, ending, head }: { flat: boolean; ending: string; head: string },
): string =>
  head +
  block(fields, '', flat)
    .map((line) => line + ending)
    .join('');
