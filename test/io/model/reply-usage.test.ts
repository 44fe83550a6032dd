import type { LanguageModelV4Usage } from '@ai-sdk/provider';
import { describe, expect, it } from 'vitest';
import { cutUsage, replyUsage } from '../../../lib/io/model/reply-usage.ts';

const size = { request: 400, reply: 40 };
const counted = (input: number | undefined, output: number | undefined): LanguageModelV4Usage => ({
  inputTokens: { total: input, noCache: 70, cacheRead: 20, cacheWrite: 10 },
  outputTokens: { total: output, text: output, reasoning: undefined },
});
/** The usage of an OpenAI-compatible server, as the AI SDK hands it on. */
const chat = (raw: Record<string, unknown>) =>
  replyUsage({ ...counted(0, 0), raw: raw as LanguageModelV4Usage['raw'] }, size, () => 0.5);

describe('the usage of a reply', () => {
  it('is its tokens with the price of all of them', () => {
    const priced: unknown[] = [];
    const price = (tokens: unknown) => {
      priced.push(tokens);
      return 0.5;
    };
    const tokens = { inputTokens: 100, outputTokens: 5, cacheReadTokens: 20, cacheWriteTokens: 10 };
    expect(replyUsage(counted(100, 5), size, price)).toEqual({ ...tokens, usd: 0.5 });
    expect(priced).toEqual([tokens]);
  });

  it.each([
    ['none are told', undefined],
    ['0 are told', counted(0, 0)],
    ['no usage is told', counted(undefined, undefined)],
  ])('is estimated by size where %s, and then its cost is unknown', (_, usage) => {
    expect(replyUsage(usage, size, () => 0.5)).toMatchObject({
      inputTokens: 100,
      outputTokens: 10,
      usd: null,
      estimated: true,
    });
  });

  it('is not estimated for a reply without a word', () => {
    expect(replyUsage(counted(100, 0), { request: 400, reply: 0 }, () => 0.5)).not.toHaveProperty('estimated');
  });

  it.each([
    [
      { prompt_tokens: 100, completion_tokens: 5, total_tokens: 105 },
      { inputTokens: 100, outputTokens: 5 },
    ],
    [
      { prompt_tokens: 100, completion_tokens: 5, total_tokens: 405 },
      { inputTokens: 100, outputTokens: 305 },
    ],
    [
      { prompt_tokens: 100, total_tokens: 105 },
      { inputTokens: 100, outputTokens: 5 },
    ],
    [
      { prompt_tokens: 100, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 60 } },
      { cacheReadTokens: 60, cacheWriteTokens: 0 },
    ],
    [
      { prompt_tokens: 100, completion_tokens: 5, prompt_cache_hit_tokens: 90, prompt_cache_miss_tokens: 10 },
      { inputTokens: 100, cacheReadTokens: 90 },
    ],
    [{ prompt_tokens: 100, completion_tokens: 5, cached_tokens: 80 }, { cacheReadTokens: 80 }],
    [
      {
        prompt_tokens: 100,
        completion_tokens: 5,
        cache_read_input_tokens: 70,
        cache_creation_input_tokens: 20,
      },
      { cacheReadTokens: 70, cacheWriteTokens: 20 },
    ],
  ])('of an OpenAI-compatible server is read from %j', (raw, usage) => {
    expect(chat(raw)).toMatchObject({ ...usage, usd: 0.5 });
  });

  it('of Bedrock has what only the total shows', () => {
    const usage = { ...counted(100, 5), raw: { totalTokens: 305 } };
    expect(replyUsage(usage, size, () => 0.5)).toMatchObject({ inputTokens: 100, outputTokens: 205 });
  });
});

describe('the usage of a call that broke off', () => {
  it('is an estimate, with the input where it is known', () => {
    expect(cutUsage(1000, size)).toMatchObject({ inputTokens: 1000, outputTokens: 10, usd: null, estimated: true });
    expect(cutUsage(undefined, size)).toMatchObject({ inputTokens: 100 });
  });
});
