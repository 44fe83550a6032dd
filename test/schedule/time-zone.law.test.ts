import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { slotAt } from '../../lib/schedule/slot.ts';
import { openZone, wallTime } from '../../lib/schedule/time-zone.ts';
import { clock, HOUR, instant, MINUTE, nearChange, zone } from '../kit/calendar-oracle.ts';
import { plays } from '../kit/law-plays.ts';

/** How often each minute of an instant's local day happens. */
const minutesOfDay = (timezone: string, time: number): Map<string, number> => {
  const localOf = clock(timezone);
  const { date } = localOf(time);
  const counts = new Map<string, number>();
  const start = Math.floor(time / MINUTE) * MINUTE - 26 * HOUR;
  for (let at = start; at <= start + 52 * HOUR; at += MINUTE) {
    const local = localOf(at);
    const text = Object.values(local).join();
    if (local.date === date) counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return counts;
};

describe('a local time with its offset', () => {
  it('minus its offset is the slot', () => {
    fc.assert(
      fc.property(zone, instant, (timezone, time) => {
        const slot = slotAt(new Date(time));
        const { local, offset } = wallTime(slot, openZone(timezone));
        expect(slotAt(new Date(local.replace(' ', 'T') + offset))).toBe(slot);
      }),
    );
  });

  it('has a note exactly on days with a missing or repeated local minute', () => {
    const moment = fc.oneof(nearChange, fc.record({ timezone: zone, time: instant }));
    fc.assert(
      fc.property(moment, ({ timezone, time }) => {
        const counts = minutesOfDay(timezone, time);
        const forward = counts.size < 1440 ? 'clocks go forward that day' : undefined;
        const back = [...counts.values()].some((times) => times > 1) ? 'clocks go back that day' : undefined;
        expect(wallTime(slotAt(new Date(time)), openZone(timezone)).note).toBe(back ?? forward);
      }),
      { numRuns: plays(60) },
    );
  });
});
