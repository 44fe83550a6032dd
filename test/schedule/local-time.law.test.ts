import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dateProblems, localTimeProblems } from '../../lib/schedule/local-time.ts';
import { plays } from '../kit/law-plays.ts';

const years = { min: new Date('1970-01-01T00:00:00Z'), max: new Date('2199-12-31T23:59:59Z'), noInvalidDate: true };
const digits = (value: number, count: number) => String(value).padStart(count, '0');
const parts = fc.record({
  year: fc.oneof(fc.integer({ min: 0, max: 9999 }), fc.constantFrom(1969, 1970, 2000, 2100, 2199, 2200)),
  month: fc.nat(14),
  day: fc.nat(33),
  hour: fc.nat(26),
  minute: fc.nat(62),
  second: fc.nat(62),
});

describe('a local time', () => {
  it('is valid when it is a real time of the years 1970 to 2199', () => {
    fc.assert(
      fc.property(fc.date(years), (date) => {
        expect(localTimeProblems(date.toJSON().slice(0, 19))).toEqual([]);
        expect(dateProblems(date.toJSON().slice(0, 10))).toEqual([]);
      }),
    );
  });

  it('is invalid exactly when JavaScript would normalize it to another time', () => {
    fc.assert(
      fc.property(parts, ({ year, month, day, hour, minute, second }) => {
        const date = `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`;
        const time = `${digits(hour, 2)}:${digits(minute, 2)}:${digits(second, 2)}`;
        const utc = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
        const isInYears = year >= 1970 && year <= 2199;
        const isReal = isInYears && utc.toJSON() === `${date}T${time}.000Z`;
        expect(localTimeProblems(`${date}T${time}`).length === 0).toBe(isReal);
        const isRealDate = isInYears && new Date(Date.UTC(year, month - 1, day)).toJSON().startsWith(date);
        expect(dateProblems(date).length === 0).toBe(isRealDate);
      }),
      { numRuns: plays(1000) },
    );
  });

  it('is rejected with every part out of range, and the last day of its month', () => {
    expect(localTimeProblems('2027-02-30T24:60:61')).toEqual([
      'day: found 30, expected 1-28',
      'hour: found 24, expected 0-23',
      'minute: found 60, expected 0-59',
      'second: found 61, expected 0-59',
    ]);
    expect(dateProblems('1969-13-32')).toEqual([
      'year: found 1969, expected 1970-2199',
      'month: found 13, expected 1-12',
      'day: found 32, expected 1-31',
    ]);
    expect(dateProblems('2028-02-29')).toEqual([]);
    expect(dateProblems('2100-02-29')).toEqual(['day: found 29, expected 1-28']);
  });

  it('in another format is rejected with the text found', () => {
    const others = ['2026-12-24T18:00:00Z', '2026-12-24 18:00:00', '2026-12-24T18:00', '26-12-24T18:00:00', ''];
    for (const text of others) expect(localTimeProblems(text)).toEqual([expect.stringContaining(`found "${text}"`)]);
    for (const text of ['2026-1-1', '2026-12-25T00:00:00', ' 2026-12-25', 'Christmas'])
      expect(dateProblems(text)).toEqual([`found "${text}", expected a date like 2026-12-25`]);
  });

  it('accepts or rejects any text without throwing', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0129-T:Z \n') }), (text) => {
        expect(Array.isArray(localTimeProblems(text)) && Array.isArray(dateProblems(text))).toBe(true);
      }),
    );
  });
});
