import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../lib/failure.ts';
import { compactSlot, expandSlot, Slot, slotAge, slotAt } from '../../lib/schedule/slot.ts';

const instant = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true });

describe('a slot', () => {
  it('is an instant cut to whole seconds', () => {
    fc.assert(
      fc.property(instant, (date) => {
        const slot = slotAt(date);
        expect(Slot.parse(slot)).toBe(slot);
        expect(date.getTime() - Date.parse(slot)).toBe(date.getTime() % 1000);
        expect(slotAge(slot, date)).toBeCloseTo((date.getTime() % 1000) / 1000);
      }),
    );
  });

  it('sorts as text in the order of time', () => {
    fc.assert(
      fc.property(instant, instant, (a, b) => {
        expect(slotAt(a) < slotAt(b)).toBe(Date.parse(slotAt(a)) < Date.parse(slotAt(b)));
      }),
    );
  });

  it('is unchanged after a round trip through its compact form, which is valid in an execution name', () => {
    fc.assert(
      fc.property(instant, (date) => {
        const compact = compactSlot(slotAt(date));
        expect(compact).toMatch(/^\d{8}T\d{6}Z$/);
        expect(expandSlot(compact)).toBe(slotAt(date));
      }),
    );
  });

  it.each([
    '2026-02-30T07:00:00Z',
    '2026-11-22T24:00:00Z',
    '2026-11-22T07:60:00Z',
    '2026-13-01T07:00:00Z',
    '2025-02-29T07:00:00Z',
    '2026-11-22T07:00:00.000Z',
    '2026-11-22T07:00:00+01:00',
    '2026-11-22T07:00:00z',
    '2026-11-22',
    '<aws.scheduler.scheduled-time>',
    ' 2026-11-22T07:00:00Z',
    '2026-11-22T07:00:00Z\n',
    '',
  ])('rejects %j', (text) => {
    expect(Slot.safeParse(text).success).toBe(false);
  });

  it('rejects anything but a compact slot when expanding', () => {
    for (const text of ['2026-11-22T07:00:00Z', '20260230T070000Z', '20261122T070000', '', '20261122T070000ZZ']) {
      expect(() => expandSlot(text)).toThrow(Failure);
    }
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          expect(compactSlot(expandSlot(text))).toBe(text);
        } catch (thrown) {
          expect(thrown).toMatchObject({ name: 'InvalidSlot' });
        }
      }),
    );
  });
});
