import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byteLength, capped } from '../lib/text.ts';
import { codePoint } from './kit/code-point.ts';

const anyText = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
  },
  fc.string({
    unit: fc.constantFrom('a', 'é', '漢', '😀', '\r', '\n', '\u0000', '\ufeff', '\ufffd', '\ud83d', '\ude00'),
  }),
  fc.tuple(fc.string({ unit: codePoint, minLength: 1 }), fc.nat(60)).map(([text, times]) => text.repeat(times)),
);
const anyBound = fc.nat(200);
const whole = 1_000_000;
const markOf = (text: string) => /\n\[cut: the first part of \d+ bytes\]$/.exec(text)?.[0] ?? '';

describe('a capped text', () => {
  it('never exceeds its limit', () => {
    fc.assert(
      fc.property(anyText, anyBound, (text, max) => {
        expect(byteLength(capped(text, max))).toBeLessThanOrEqual(max);
      }),
    );
  });

  it('is storable: no half characters, and no control characters except tab and newline', () => {
    fc.assert(
      fc.property(anyText, anyBound, (text, max) => {
        const kept = capped(text, max);
        expect(kept.isWellFormed()).toBe(true);
        expect(Buffer.from(kept).toString()).toBe(kept);
        expect(kept.replaceAll(/[\t\n]/g, '')).not.toMatch(/\p{Cc}/u);
      }),
    );
  });

  it('is the start of the text, and the whole text when it fits', () => {
    fc.assert(
      fc.property(anyText, anyBound, (text, max) => {
        const all = capped(text, whole);
        const kept = capped(text, max);
        if (byteLength(all) <= max) expect(kept).toBe(all);
        expect(all.startsWith(kept.slice(0, kept.length - markOf(kept).length))).toBe(true);
      }),
    );
  });

  it('is marked as cut whenever the mark fits', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 50, max: 200 }), (text, max) => {
        const cut = byteLength(capped(text, whole)) > max;
        if (cut) expect(markOf(capped(text, max))).not.toBe('');
        else expect(capped(text, max)).toBe(capped(text, whole));
      }),
    );
  });

  it('is unchanged when capped again', () => {
    fc.assert(
      fc.property(anyText, anyBound, (text, max) => {
        expect(capped(capped(text, max), max)).toBe(capped(text, max));
      }),
    );
  });

  it('loses only the room of its mark and part of a character', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 50, max: 200 }), (text, max) => {
        const dense = text.replaceAll(/[\r\ud800-\udfff]|\p{Cc}/gu, '');
        const kept = capped(dense, max);
        if (byteLength(dense) > max) expect(byteLength(kept)).toBeGreaterThan(max - 4);
      }),
    );
  });

  it('handles ten megabytes of any text, also of invalid characters', () => {
    for (const unit of ['\u0001', '\r', '\ufffd', '\ud800', '"', '😀']) {
      const text = `${unit.repeat(5_000_000)}a`;
      expect(byteLength(capped(text, 50_000))).toBeLessThanOrEqual(50_000);
    }
  });
});
