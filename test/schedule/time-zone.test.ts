import { describe, expect, it } from 'vitest';
import { openZone, wallTime } from '../../lib/schedule/time-zone.ts';

describe('a local time with its offset', () => {
  const wall = (slot: string, timezone: string) => wallTime(slot, openZone(timezone));

  it('shows the time, the offset and a clock change on that day', () => {
    expect(wall('2026-03-29T01:00:00Z', 'Europe/Amsterdam')).toEqual({
      slot: '2026-03-29T01:00:00Z',
      local: '2026-03-29 03:00',
      offset: '+02:00',
      note: 'clocks go forward that day',
    });
    expect(wall('2026-10-25T22:59:59Z', 'Europe/Amsterdam')).toEqual({
      slot: '2026-10-25T22:59:59Z',
      local: '2026-10-25 23:59:59',
      offset: '+01:00',
      note: 'clocks go back that day',
    });
    expect(wall('2026-10-25T23:00:00Z', 'Europe/Amsterdam')).toEqual({
      slot: '2026-10-25T23:00:00Z',
      local: '2026-10-26 00:00',
      offset: '+01:00',
    });
  });

  it('marks the day with a missing or repeated hour, also at midnight', () => {
    // In Sao Paulo Sunday began at 1:00, and Saturday had 23:00 to 24:00 twice.
    expect(wall('2018-11-03T12:00:00Z', 'America/Sao_Paulo').note).toBeUndefined();
    expect(wall('2018-11-04T12:00:00Z', 'America/Sao_Paulo').note).toBe('clocks go forward that day');
    expect(wall('2018-02-17T12:00:00Z', 'America/Sao_Paulo').note).toBe('clocks go back that day');
    expect(wall('2018-02-18T12:00:00Z', 'America/Sao_Paulo').note).toBeUndefined();
    // In Nuuk Saturday ends at 23:00.
    expect(wall('2026-03-28T12:00:00Z', 'America/Nuuk').note).toBe('clocks go forward that day');
    expect(wall('2026-03-29T12:00:00Z', 'America/Nuuk').note).toBeUndefined();
  });

  it('shows offsets with minutes, west of UTC and with seconds', () => {
    expect(wall('2026-11-22T07:00:00Z', 'Asia/Kathmandu')).toMatchObject({
      local: '2026-11-22 12:45',
      offset: '+05:45',
    });
    expect(wall('2026-11-22T02:00:00Z', 'America/St_Johns')).toMatchObject({
      local: '2026-11-21 22:30',
      offset: '-03:30',
    });
    expect(wall('2026-11-22T07:00:00Z', 'UTC')).toMatchObject({ local: '2026-11-22 07:00', offset: '+00:00' });
    expect(wall('1970-01-01T12:44:30Z', 'Africa/Monrovia')).toMatchObject({
      local: '1970-01-01 12:00',
      offset: '-00:44:30',
    });
  });

  it('rejects an invalid slot or time zone', () => {
    expect(() => wall('never', 'UTC')).toThrow(RangeError);
    expect(() => wall('2026-11-22T07:00:00Z', 'Europe/Atlantis')).toThrow(RangeError);
  });
});
