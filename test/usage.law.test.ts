import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addUsage, noUsage, tokens, Usage } from '../lib/usage.ts';

const count = fc.nat(1_000_000);
/** Quarters add up exactly. */
const usd = fc.option(fc.nat(4000).map((quarters) => quarters / 4));
const usage = fc.record({
  inputTokens: count,
  outputTokens: count,
  cacheReadTokens: count,
  cacheWriteTokens: count,
  usd,
});

describe('a sum of usages', () => {
  it('is a valid usage in any order and grouping, and an empty sum is zero', () => {
    fc.assert(
      fc.property(usage, usage, usage, (a, b, c) => {
        expect(Usage.parse(addUsage(a, b))).toEqual(addUsage(b, a));
        expect(addUsage(addUsage(a, b), c)).toEqual(addUsage(a, addUsage(b, c)));
        expect(addUsage(a, noUsage)).toEqual(a);
      }),
    );
  });

  it('has a price only when every part has one', () => {
    fc.assert(
      fc.property(fc.array(usage), (all) => {
        const sum = all.reduce(addUsage, noUsage);
        const prices = all.map((one) => one.usd);
        expect(sum.usd).toBe(
          prices.includes(null) ? null : prices.reduce((total: number, one) => total + (one ?? 0), 0),
        );
      }),
    );
  });

  it('adds the tokens of all parts', () => {
    fc.assert(
      fc.property(usage, usage, (a, b) => {
        expect(tokens(addUsage(a, b))).toBe(tokens(a) + tokens(b));
        expect(tokens(a)).toBe(a.inputTokens + a.outputTokens);
      }),
    );
  });

  it('has whole, non-negative tokens and a numeric price', () => {
    for (const wrong of [
      { inputTokens: -1 },
      { outputTokens: 0.5 },
      { usd: Number.NaN },
      { usd: -1 },
      { usd: Infinity },
    ])
      expect(Usage.safeParse({ ...noUsage, ...wrong }).success).toBe(false);
  });
});
