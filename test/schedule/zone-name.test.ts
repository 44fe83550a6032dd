import { describe, expect, it } from 'vitest';
import { openZone } from '../../lib/schedule/time-zone.ts';
import { oldZoneNames, zoneNames } from '../../lib/schedule/zone-name.ts';

describe('the names of time zones', () => {
  it('are those of the tz database, links included, of which the calendar knows each', () => {
    expect(zoneNames.size).toBeGreaterThan(500);
    for (const name of [
      'Europe/Kyiv',
      'Asia/Kolkata',
      'Asia/Calcutta',
      'US/Eastern',
      'Etc/GMT+2',
      'America/Argentina/Ushuaia',
    ])
      expect(zoneNames.has(name), name).toBe(true);
    for (const name of ['SystemV/EST5', 'Canada/East-Saskatchewan', 'Europe/AMSTERDAM', 'Japan', 'UTC'])
      expect(zoneNames.has(name), name).toBe(false);
    for (const name of zoneNames) expect(() => openZone(name), name).not.toThrow();
  });

  it('without a slash stand for one with a slash', () => {
    expect(oldZoneNames).toMatchObject({ Japan: 'Asia/Tokyo', NZ: 'Pacific/Auckland' });
    for (const zone of Object.values(oldZoneNames)) expect(zoneNames.has(zone), zone).toBe(true);
  });
});
