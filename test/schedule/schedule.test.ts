import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { Schedule, scheduleExpression, scheduleName } from '../../lib/schedule/schedule.ts';

const Job = z.strictObject({ schedule: Schedule });

/** The message about a bad schedule: one line an issue, path first. */
const complaints = (schedule: unknown): string[] =>
  Job.safeParse({ schedule }).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];

const fieldList = 'minutes hours day-of-month month day-of-week year';

describe('a schedule', () => {
  it('becomes an expression of EventBridge Scheduler', () => {
    const expression = (schedule: unknown) => scheduleExpression(Schedule.parse(schedule));
    expect(expression({ cron: '0 9 ? * MON-FRI *' })).toBe('cron(0 9 ? * MON-FRI *)');
    expect(expression({ cron: '  0  9 l * ? * ' })).toBe('cron(0 9 L * ? *)');
    expect(expression({ rate: '5 minutes' })).toBe('rate(5 minutes)');
    expect(expression({ rate: ' 1   hour' })).toBe('rate(1 hour)');
    expect(expression({ at: '2026-12-24T18:00:00' })).toBe('at(2026-12-24T18:00:00)');
  });

  it('is in UTC by default', () => {
    expect(Schedule.parse({ rate: '1 day' }).timezone).toBe('UTC');
    expect(Schedule.parse({ rate: '1 day', timezone: 'Europe/Amsterdam' }).timezone).toBe('Europe/Amsterdam');
  });

  it.each([
    ['none of the three', {}, ['schedule: give exactly one of cron, rate, at; found none']],
    [
      'two of them, and a bad one, and an unknown field: all said at once',
      { cron: '0 9 * * *', rate: '5 minutes', zone: 'UTC' },
      [
        `schedule.cron: found 5 fields, expected 6: ${fieldList}`,
        'schedule: unknown field zone, expected cron, rate, at, timezone, start, end, dst or exclude',
        'schedule: give exactly one of cron, rate, at; found cron and rate',
      ],
    ],
    ['a text', '0 9 ? * * *', ['schedule: expected an object with one of cron, rate, at']],
    ['a list', ['5 minutes'], ['schedule: expected an object with one of cron, rate, at']],
    [
      'two of them, one not even a text',
      { cron: 5, rate: '1 day' },
      [
        'schedule.cron: Invalid input: expected string, received number',
        'schedule: give exactly one of cron, rate, at; found cron and rate',
      ],
    ],
    ['an empty field', { cron: null }, ['schedule.cron: Invalid input: expected string, received null']],
  ])('is rejected with %s', (_, schedule, expected) => {
    expect(complaints(schedule)).toEqual(expected);
  });

  it('reports every problem of a cron expression, and rejects one longer than AWS allows', () => {
    expect(complaints({ cron: '60 24 ? * MON *' })).toEqual([
      'schedule.cron: field 1 (minutes): found "60", expected 0-59',
      'schedule.cron: field 2 (hours): found "24", expected 0-23',
    ]);
    const minutes = Array.from({ length: 90 }, () => '10').join();
    expect(complaints({ cron: `${minutes} 9 ? * MON *` })).toEqual(['schedule.cron: expected at most 250 characters']);
  });

  it.each([
    ['1 minutes', ['unit: found "minutes", expected minute, hour, day after "1"']],
    ['5 minute', ['unit: found "minute", expected minutes, hours, days after "5"']],
    ['0 hours', ['value: found "0", expected a whole number of 1-999999']],
    [
      '1.5 weeks',
      [
        'value: found "1.5", expected a whole number of 1-999999',
        'unit: found "weeks", expected minutes, hours, days after "1.5"',
      ],
    ],
    ['5', ['found "5", expected a value and a unit, like "5 minutes"']],
    ['rate(5 minutes)', ['found "rate(5 minutes)", expected a value and a unit, like "5 minutes"']],
  ])('rejects the rate %j', (rate, expected) => {
    expect(complaints({ rate })).toEqual(expected.map((message) => `schedule.rate: ${message}`));
  });

  const shape = 'expected yyyy-mm-ddThh:mm:ss, without offset (it is local time in `timezone`)';
  it.each([
    ['2026-02-29T09:00:00', ['day: found 29, expected 1-28']],
    [
      '2026-13-00T24:60:60',
      ['month: found 13', 'day: found 0', 'hour: found 24', 'minute: found 60', 'second: found 60'],
    ],
    ['2026-12-24T18:00:00Z', [`found "2026-12-24T18:00:00Z", ${shape}`]],
    ['2026-12-24T18:00:00+02:00', [`found "2026-12-24T18:00:00+02:00", ${shape}`]],
    ['2026-12-24', [`found "2026-12-24", ${shape}`]],
    ['0000-01-01T00:00:00', ['year: found 0, expected 1970-2199']],
  ])('rejects the local time %j', (at, expected) => {
    const said = complaints({ at });
    expect(said).toHaveLength(expected.length);
    for (const [index, start] of expected.entries()) expect(said[index]).toContain(`schedule.at: ${start}`);
  });

  it('accepts 29 February of a leap year', () => {
    expect(complaints({ at: '2028-02-29T09:00:00' })).toEqual([]);
  });

  it.each(['UTC', 'Europe/Amsterdam', 'Europe/Kyiv', 'Asia/Kolkata', 'America/Argentina/Buenos_Aires', 'Etc/GMT+2'])(
    'accepts the time zone %s',
    (timezone) => {
      expect(complaints({ rate: '1 day', timezone })).toEqual([]);
    },
  );

  it.each(['', '+02:00', '-0500', 'Z', 'BST', 'Europe/Nowhere', 'Etc/', 'SystemV/EST5', 'Canada/East-Saskatchewan'])(
    'rejects the time zone %j',
    (timezone) => {
      const expected = `found "${timezone}", expected a time zone name like Europe/Amsterdam, or UTC`;
      expect(complaints({ rate: '1 day', timezone })).toEqual([`schedule.timezone: ${expected}`]);
    },
  );

  it.each([
    ['Europe/AMSTERDAM', 'Europe/Amsterdam'],
    ['US/EASTERN', 'US/Eastern'],
    ['Asia/KOLKATA', 'Asia/Kolkata'],
    ['new york', 'America/New_York'],
    ['Japan', 'Asia/Tokyo'],
    ['EST', 'America/Panama'],
    ['GMT+2', 'Etc/GMT+2'],
    ['utc', 'UTC'],
  ])('for the zone %s suggests %s', (timezone, meant) => {
    expect(complaints({ rate: '1 day', timezone })).toEqual([
      `schedule.timezone: found "${timezone}", expected ${meant}`,
    ]);
  });

  it('has no seconds in the times at which it may fire, which Scheduler drops', () => {
    const [time, wrong] = ['2027-01-01T00:00:30', 'second: found 30, expected 00'];
    expect(complaints({ at: time })).toEqual([`schedule.at: ${wrong}`]);
    for (const kind of [{ rate: '1 day' }, { cron: '0 9 * * ? *' }]) {
      expect(complaints({ ...kind, start: time })).toEqual([`schedule.start: ${wrong}`]);
      expect(complaints({ ...kind, end: '2027-01-01T23:59:59' })).toEqual([]);
    }
  });
});

describe('the bounds, clocks and exclusions of a schedule', () => {
  const start = '2027-01-01T00:00:00';

  it('are accepted, and missing clock rules default to those of EventBridge', () => {
    const schedule = { cron: '0 9 * * ? *', start, end: '2027-02-01T00:00:00', exclude: ['2027-01-06', 'nl'] };
    expect(Schedule.parse(schedule)).toEqual({ ...schedule, timezone: 'UTC' });
    expect(Schedule.parse({ cron: '0 9 * * ? *', dst: { fold: 'last' } }).dst).toEqual({ gap: 'skip', fold: 'last' });
    expect(complaints({ at: start, dst: { gap: 'after' }, exclude: [] })).toEqual([]);
  });

  const cron = '0 9 * * ? *';
  it.each([
    [
      'an end before the start',
      { cron, start, end: '2026-12-31T23:59:00' },
      [`end: found "2026-12-31T23:59:00", expected a time after start, "${start}"`],
    ],
    [
      'an end at the start',
      { cron, start, end: start },
      [`end: found "${start}", expected a time after start, "${start}"`],
    ],
    [
      'a start that is no date, which is not compared',
      { cron, start: '2027-02-30T00:00:00', end: start },
      ['start: day: found 30, expected 1-28'],
    ],
    [
      'bounds of what is due once',
      { at: start, start, end: start },
      [
        'start: found start with at, expected none: an at has one slot',
        'end: found end with at, expected none: an at has one slot',
      ],
    ],
    [
      'clocks for elapsed time',
      { rate: '1 hour', dst: {} },
      ['dst: found dst with rate, expected none: a rate counts elapsed time'],
    ],
    [
      'clocks of other words, an unknown one and no text among the exclusions: all said at once',
      { cron, dst: { gap: 'no', fold: 2, leap: true }, exclude: ['2027-13-01', 'Christmas', 7, '2027-1-1'] },
      [
        'dst.gap: found "no", expected skip or after',
        'dst.fold: found 2, expected first, both or last',
        'dst: unknown field leap, expected gap or fold',
        'exclude.0: month: found 13, expected 1-12',
        'exclude.1: found "Christmas", expected a date like 2026-12-25, or the name of a file in infra/holidays',
        'exclude.2: Invalid input: expected string, received number',
        'exclude.3: found "2027-1-1", expected a date like 2026-12-25, or the name of a file in infra/holidays',
      ],
    ],
    ['clocks as a word', { cron, dst: 'after' }, ['dst: expected an object with gap, fold or both']],
  ])('are rejected with %s', (_, schedule, expected) => {
    expect(complaints(schedule)).toEqual(expected.map((message) => `schedule.${message}`));
  });
});

describe('the name of a schedule', () => {
  it('is the name of the job, with the date of a one-time schedule, within the 64 characters of AWS', () => {
    const name = 'n'.repeat(40);
    expect(scheduleName({ name, schedule: { rate: '1 day', timezone: 'UTC' } })).toBe(name);
    const once = scheduleName({ name, schedule: { at: '2026-12-24T18:00:00', timezone: 'UTC' } });
    expect(once).toBe(`${name}-20261224T180000`);
    expect(once).toMatch(/^[0-9a-zA-Z-_.]{1,64}$/);
  });
});

describe('the JSON Schema for editors', () => {
  const input = z.toJSONSchema(Schedule, { io: 'input' });
  const fits = new Ajv2020({ strictTypes: false }).compile(input);

  it('accepts each of the three kinds', () => {
    expect(fits({ cron: '0 9 ? * MON-FRI *', timezone: 'Europe/Amsterdam' })).toBe(true);
    expect(fits({ rate: '1 minute' })).toBe(true);
    expect(fits({ rate: '10 minutes' })).toBe(true);
    expect(fits({ at: '2026-12-24T18:00:00' })).toBe(true);
  });

  it.each([
    {},
    { cron: '0 9 ? * * *', rate: '1 day' },
    { rate: '1 day', zone: 'UTC' },
    { rate: '1 days' },
    { cron: '0 9' },
  ])('rejects %j', (schedule) => {
    expect(fits(schedule)).toBe(false);
  });

  it('describes every field with valid examples', () => {
    const { properties } = z.strictObject({ properties: z.record(z.string(), z.looseObject({})) }).parse({
      properties: input.properties,
    });
    expect(Object.keys(properties)).toEqual(['cron', 'rate', 'at', 'timezone', 'start', 'end', 'dst', 'exclude']);
    for (const [field, { description, examples = [] }] of Object.entries(properties)) {
      expect(description).toEqual(expect.any(String));
      for (const example of z.array(z.json()).parse(examples)) {
        const kind = ['cron', 'rate', 'at'].includes(field) ? {} : { rate: '1 day' };
        expect(complaints({ ...kind, [field]: example })).toEqual([]);
        expect(fits({ ...kind, [field]: example })).toBe(true);
      }
    }
  });

  it.each([{ gap: 'never' }, { folds: 'last' }, 'after'])('rejects the clock rule %j', (dst) => {
    expect(fits({ cron: '0 9 * * ? *', dst })).toBe(false);
    expect(fits({ cron: '0 9 * * ? *', dst: { gap: 'after' } })).toBe(true);
  });

  it.each([['2027-1-1'], ['Christmas Day']])('rejects %j as an excluded date', (date) => {
    expect(fits({ rate: '1 day', exclude: [date] })).toBe(false);
    expect(fits({ rate: '1 day', exclude: ['2027-01-01', 'nl'] })).toBe(true);
  });
});
