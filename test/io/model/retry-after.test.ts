import { describe, expect, it } from 'vitest';
import { retryAfterSeconds } from '../../../lib/io/model/retry-after.ts';

const now = new Date('2026-11-22T07:00:00Z');
const waitOf = (headers: Record<string, string>, status = 429) => retryAfterSeconds({ headers, status }, now);

describe('the wait that a provider asks for', () => {
  it.each([
    ['7', 7],
    [' 1.5 ', 1.5],
    ['0', 0],
    ['Sun, 22 Nov 2026 07:01:30 GMT', 90],
    ['Sun, 22 Nov 2026 06:00:00 GMT', 0],
    ['Sunday, 22-Nov-26 07:01:30 GMT', 90],
    ['Sunday, 22-Nov-94 07:01:30 GMT', 0],
    ['Sun Nov 22 07:01:30 2026', 90],
    ['Tue Dec  1 07:00:00 2026', 9 * 86_400],
    ['2026-11-22T07:01:30Z', 90],
    ['1795330890', 90],
    ['20s', 20],
    ['1m30s', 90],
    ['6m0s', 360],
    ['2m59.56s', 179.56],
    ['1h2m', 3720],
    ['250ms', 0.25],
  ])('is read from retry-after: %s', (text, seconds) => {
    expect(waitOf({ 'retry-after': text })).toBeCloseTo(seconds, 9);
  });

  it('is read in milliseconds before that in seconds', () => {
    expect(waitOf({ 'retry-after-ms': '250', 'retry-after': '7' })).toBe(0.25);
    expect(waitOf({ 'retry-after-ms': 'soon', 'retry-after': '7' })).toBe(7);
  });

  it.each(['', '-1', 'soon', '1e3', '0x10', 'Infinity', '1 minute', 's', 'Sun, 99 Nov 2026 99:00:00 GMT'])(
    'is undefined for %j',
    (text) => {
      expect(waitOf({ 'retry-after': text })).toBeUndefined();
    },
  );

  it('is undefined without a header', () => {
    expect(waitOf({})).toBeUndefined();
  });

  it.each([
    ['a field of Google', { error: { details: [{ '@type': 'RetryInfo', retryDelay: '41s' }] } }, 41],
    ['a field in seconds', { error: { retry_after: 41 } }, 41],
    ['a field in milliseconds', { retry_after_ms: 1500 }, 1.5],
    ['a header in the body', { error: { metadata: { headers: { 'X-RateLimit-Reset': '1795330890000' } } } }, 90],
  ])('is read from the body: %s', (_, json, seconds) => {
    expect(retryAfterSeconds({ headers: {}, json, status: 429 }, now)).toBe(seconds);
    expect(retryAfterSeconds({ headers: { 'retry-after': '7' }, json, status: 429 }, now)).toBe(7);
  });

  it.each([
    ['Rate limit reached. Please try again in 41.2s.', 41.2],
    ['Please retry after 41 seconds.', 41],
    ['Please try again in 1m30s.', 90],
    ['try again in 20 minutes', 1200],
    ['try again in 800ms', 0.8],
    ['There are 41 seconds in it.', undefined],
  ])('is read from the words of a throttle, and of nothing else: %s', (words, seconds) => {
    expect(retryAfterSeconds({ headers: {}, words, status: 429 }, now)).toBe(seconds);
    expect(retryAfterSeconds({ headers: {}, words, status: 400 }, now)).toBeUndefined();
  });

  it('is until the reset of the limit that is used up, and only for a throttle', () => {
    const limits = {
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '20s',
      'x-ratelimit-remaining-tokens': '9000',
      'x-ratelimit-reset-tokens': '6m0s',
    };
    expect(waitOf(limits)).toBe(20);
    expect(waitOf(limits, 529)).toBeUndefined();
    expect(waitOf({ ...limits, 'x-ratelimit-remaining-requests': '3' })).toBe(360);
    expect(waitOf({ 'x-ratelimit-reset': '1795330890' })).toBe(90);
    expect(waitOf({ 'anthropic-ratelimit-tokens-reset': '2026-11-22T07:00:41Z' })).toBe(41);
  });
});
