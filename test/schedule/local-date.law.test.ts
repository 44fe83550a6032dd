import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { localDate, localTime, weekday } from '../../lib/schedule/local-date.ts';

const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

describe('local time', () => {
  it('in UTC equals ISO 8601', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }), (date) => {
        const iso = date.toISOString();
        expect(localDate(iso, 'UTC')).toBe(iso.slice(0, 10));
        expect(localTime(date, 'UTC')).toBe(iso.slice(11, 16));
        expect(weekday(iso, 'UTC').slice(0, 3).toUpperCase()).toBe(WEEKDAYS[date.getUTCDay()]);
      }),
    );
  });
});
