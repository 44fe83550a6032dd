import { describe, expect, it } from 'vitest';
import { rangeOf, SlotRange } from '../../lib/watch/slot-range.ts';
import { memoryStores } from '../kit/memory-stores.ts';
import { rangeOf as range } from '../kit/stored.ts';

const on = (day: number) => `2026-11-${String(day).padStart(2, '0')}T07:00:00Z`;

describe('a range of slots', () => {
  it('is found by each slot from its first to its last, and by no other', async () => {
    const { ranges } = memoryStores();
    await ranges.put(range('report', { from: on(5), to: on(9) }));
    await ranges.put(range('report', { from: on(12), to: on(14) }));
    const found = async (day: number) => (await rangeOf('report', on(day), ranges))?.from;
    expect([await found(5), await found(9), await found(13)]).toEqual([on(5), on(5), on(12)]);
    expect([await found(4), await found(10), await found(15)]).toEqual([undefined, undefined, undefined]);
    expect(await rangeOf('other', on(5), ranges)).toBeUndefined();
  });

  it('is found behind a later one that ended before the slot', async () => {
    const { ranges } = memoryStores();
    await ranges.put(range('report', { from: on(5), to: on(9) }));
    await ranges.put(range('report', { from: on(6), to: on(7) }));
    expect((await rangeOf('report', on(8), ranges))?.from).toBe(on(5));
  });

  it('has slots as its ends', () => {
    expect(SlotRange.safeParse(range('report')).success).toBe(true);
    expect(SlotRange.safeParse({ ...range('report'), to: '2026-11-31T07:00:00Z' }).success).toBe(false);
  });
});
