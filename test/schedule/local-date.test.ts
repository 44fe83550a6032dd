import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { localDate, localTime, weekday } from '../../lib/schedule/local-date.ts';

describe('local time', () => {
  it('is the date, time and weekday in the time zone of the job', () => {
    const slot = '2026-11-21T23:00:00Z';
    expect([localDate(slot, 'Europe/Amsterdam'), localTime(slot, 'Europe/Amsterdam')]).toEqual(['2026-11-22', '00:00']);
    expect(weekday(slot, 'Europe/Amsterdam')).toBe('Sunday');
    expect([localDate(slot, 'UTC'), localTime(slot, 'UTC'), weekday(slot, 'UTC')]).toEqual([
      '2026-11-21',
      '23:00',
      'Saturday',
    ]);
    expect(localTime(new Date('2026-07-01T07:00:00Z'), 'Asia/Kolkata')).toBe('12:30');
  });

  it('follows summer time', () => {
    expect(localTime('2026-03-29T00:59:00Z', 'Europe/Amsterdam')).toBe('01:59');
    expect(localTime('2026-03-29T01:00:00Z', 'Europe/Amsterdam')).toBe('03:00');
  });

  it('does not depend on the locale and time zone of the machine', () => {
    const module = new URL('../../lib/schedule/local-date.ts', import.meta.url).href;
    const script = `import { localDate, localTime, weekday } from ${JSON.stringify(module)};
      const slot = '2026-11-22T07:05:00Z';
      console.log(localDate(slot, 'UTC'), localTime(slot, 'UTC'), weekday(slot, 'UTC'));`;
    const env = { ...process.env, TZ: 'Pacific/Kiritimati', LANG: 'ar_EG.UTF-8', LC_ALL: 'ar_EG.UTF-8' };
    const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
      env,
      encoding: 'utf8',
    });
    expect(printed.trim()).toBe('2026-11-22 07:05 Sunday');
  });

  it('throws a RangeError for an invalid instant or time zone', () => {
    expect(() => localDate('never', 'UTC')).toThrow(RangeError);
    expect(() => localTime('2026-11-22T07:00:00Z', 'Europe/Nowhere')).toThrow(RangeError);
  });
});
