import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { Schedule } from '../../lib/schedule/schedule.ts';
import { plays } from '../kit/law-plays.ts';

const fits = new Ajv2020({ strictTypes: false }).compile(z.toJSONSchema(Schedule, { io: 'input' }));

const Job = z.strictObject({ schedule: Schedule });

/** Refused with every issue at the field, or taken; and the structure is never half. */
const answersAtField = (field: string, text: string): boolean => {
  const result = Job.safeParse({ schedule: { [field]: text } });
  return (
    result.success ||
    result.error.issues.every(({ path, message }) => path.join() === `schedule,${field}` && message !== '')
  );
};

describe('a schedule', () => {
  it('with any text in any field is accepted or rejected at that field', () => {
    const symbols = fc.constantFrom(
      ...'0123456789*?,-/#:+',
      'T',
      'L',
      'W',
      ' ',
      'MON',
      'minutes',
      'é',
      '\u0000',
      '\ud800',
      '\u{1F319}',
    );
    const text = fc.oneof(fc.string(), fc.string({ unit: symbols }));
    fc.assert(fc.property(fc.constantFrom('cron', 'rate', 'at'), text, answersAtField), { numRuns: plays(500) });
  });

  it('that is valid also fits the JSON Schema for editors', () => {
    const slip = fc.tuple(fc.nat(), fc.constantFrom(...'0159 *?-TZs', '', '  '));
    const good = fc.constantFrom(
      { field: 'cron', text: '0/15 8-17 ? * MON-FRI *' },
      { field: 'rate', text: '1 hour' },
      { field: 'rate', text: '15 minutes' },
      { field: 'at', text: '2026-12-24T18:00:00' },
    );
    const slipped = fc.tuple(good, slip).map(([{ field, text }, [at, symbol]]) => {
      const start = at % (text.length + 1);
      return { [field]: text.slice(0, start) + symbol + text.slice(start + (at % 2)) };
    });
    fc.assert(
      fc.property(slipped, (schedule) => {
        expect(fits(schedule) || !Schedule.safeParse(schedule).success).toBe(true);
      }),
      { numRuns: plays(500) },
    );
  });

  it('accepts every local minute of its years in exactly one spelling', () => {
    const moment = fc.date({
      min: new Date('1970-01-01T00:00:00Z'),
      max: new Date('2199-12-31T23:59:59Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(moment, (date) => {
        const at = `${date.toISOString().slice(0, 16)}:00`;
        expect(Schedule.safeParse({ at }).success).toBe(true);
        for (const other of [`${at}Z`, `${at}.000`, at.replace('T', ' '), ` ${at}`]) {
          expect(Schedule.safeParse({ at: other }).success).toBe(false);
        }
      }),
    );
  });

  it('accepts a rate with the unit in the number of its value', () => {
    const units = fc.constantFrom('minute', 'hour', 'day');
    fc.assert(
      fc.property(fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 999_999 })), units, (value, unit) => {
        const [right, wrong] = value === 1 ? ['', 's'] : ['s', ''];
        expect(Schedule.safeParse({ rate: `${value} ${unit}${right}` }).success).toBe(true);
        expect(Schedule.safeParse({ rate: `${value} ${unit}${wrong}` }).success).toBe(false);
      }),
    );
  });

  it('accepts every time zone that Intl lists', () => {
    const refused = Intl.supportedValuesOf('timeZone').filter(
      (timezone) => !Schedule.safeParse({ rate: '1 day', timezone }).success,
    );
    expect(refused).toEqual([]);
  });
});
