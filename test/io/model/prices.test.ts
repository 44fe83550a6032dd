import { describe, expect, it } from 'vitest';
import { price, priceWarnings } from '../../../lib/io/model/prices.ts';

const at = new Date('2026-11-22T07:00:00Z');
const used = { inputTokens: 1000, outputTokens: 1000, cacheReadTokens: 0, cacheWriteTokens: 0 };

describe('the price of model calls', () => {
  it.each([
    ['anthropic/claude-haiku-4-5', 0.006],
    ['anthropic/claude-haiku-4-5-20251001', 0.006],
    ['bedrock/global.anthropic.claude-haiku-4-5-20251001-v1:0', 0.006],
    ['bedrock/eu.anthropic.claude-haiku-4-5-20251001-v1:0', 0.0066],
    ['bedrock/us.anthropic.claude-haiku-4-5-20251001-v1:0', 0.0066],
    ['bedrock/arn:aws:bedrock:eu-west-1:1:inference-profile/eu.anthropic.claude-haiku-4-5-20251001-v1:0', 0.0066],
    ['bedrock/us.amazon.nova-lite-v1:0', 0.0003],
  ])('is known for %s', (id, usd) => {
    expect(price(id, used, at)).toBeCloseTo(usd, 9);
  });

  it.each([
    'anthropic/claude-nobody',
    'bedrock/arn:aws:bedrock:eu-west-1:1:application-inference-profile/abc',
    'openai-compatible/gpt-4o-mini',
    'scripted/demo',
    'nonsense',
  ])('is null, not 0, for %s', (id) => {
    expect(price(id, used, at)).toBeNull();
  });

  it('is known for a compatible server only by its address', () => {
    const id = 'openai-compatible/gpt-4o-mini';
    expect(price(id, used, at, 'http://127.0.0.1:11434/v1')).toBeNull();
    expect(price(id, used, at, 'https://api.openai.com/v1')).toBeCloseTo(0.00075, 9);
  });

  it('charges cached tokens as a part of the input, at their own prices', () => {
    const cached = { ...used, outputTokens: 0, cacheReadTokens: 900, cacheWriteTokens: 100 };
    expect(price('anthropic/claude-haiku-4-5', cached, at)).toBeCloseTo((900 * 0.1 + 100 * 1.25) / 1e6, 9);
  });

  it('is positive even where a provider counts more cached tokens than input', () => {
    const odd = { ...used, inputTokens: 10, cacheReadTokens: 90 };
    expect(price('anthropic/claude-haiku-4-5', odd, at)).toBeGreaterThan(0);
  });
});

describe('the warnings about prices', () => {
  const named = (...models: string[]) => models.map((model, place) => ({ name: `job-${place}`, model }));

  it('are of the models whose price is not known, as that of a mistyped one', () => {
    const jobs = named('anthropic/claude-sonet-4-5', 'anthropic/claude-sonnet-4-5', 'bedrock/us.amazon.nova-lite-v1:0');
    expect(priceWarnings(jobs, at)).toEqual([
      expect.stringMatching(/^job-0: no price is known for anthropic\/claude-sonet-4-5, .*limits\.tokens is/),
    ]);
  });

  it('are none for scripts, and for a compatible server only where its address is known', () => {
    const jobs = named('scripted/demo', 'openai-compatible/nobody');
    expect(priceWarnings(jobs, at)).toEqual([]);
    expect(priceWarnings(jobs, at, 'https://api.openai.com/v1')).toHaveLength(1);
  });
});
