import { describe, expect, it } from 'vitest';
import { retryAfterSeconds } from '../../../lib/io/model/retry-after.ts';

const now = new Date('2026-11-22T07:00:00Z');
const waitOf = (headers: Record<string, string>) => retryAfterSeconds(headers, now);

describe('the wait that a provider asks for', () => {
  it.each([
    ['7', 7],
    [' 1.5 ', 1.5],
    ['0', 0],
    ['Sun, 22 Nov 2026 07:01:30 GMT', 90],
    ['Sun, 22 Nov 2026 06:00:00 GMT', 0],
  ])('is read from retry-after: %s', (text, seconds) => {
    expect(waitOf({ 'retry-after': text })).toBe(seconds);
  });

  it('is read in milliseconds before that in seconds', () => {
    expect(waitOf({ 'retry-after-ms': '250', 'retry-after': '7' })).toBe(0.25);
    expect(waitOf({ 'retry-after-ms': 'soon', 'retry-after': '7' })).toBe(7);
  });

  it.each(['', '-1', 'soon', '1e3', '0x10', 'Infinity', '2026-11-22T07:01:30Z', 'Sun, 99 Nov 2026 99:00:00 GMT'])(
    'is undefined for %j',
    (text) => {
      expect(waitOf({ 'retry-after': text })).toBeUndefined();
    },
  );

  it('is undefined without a header', () => {
    expect(waitOf({})).toBeUndefined();
  });
});
