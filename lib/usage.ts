import * as z from 'zod';

const count = z.number().int().nonnegative();

/**
 * What model calls used. `inputTokens` includes cached tokens; `usd` is null, never 0, if a price is unknown. `estimated`: a provider told no
 * tokens, or the reply was cut off, so a part of the tokens is estimated by size.
 */
export const Usage = z.strictObject({
  inputTokens: count,
  outputTokens: count,
  cacheReadTokens: count,
  cacheWriteTokens: count,
  usd: z.number().nonnegative().nullable(),
  estimated: z.literal(true).optional(),
});
export type Usage = z.infer<typeof Usage>;

export const noUsage: Usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0 };

/** Rounds a token count to a non-negative safe integer, whatever a provider reports. */
export const countable = (tokens: number): number => Math.min(Math.max(0, Math.round(tokens)), Number.MAX_SAFE_INTEGER);

/** Adds two usages. If one price is unknown, the price of the sum is unknown. */
export const addUsage = (a: Usage, b: Usage): Usage => ({
  inputTokens: countable(a.inputTokens + b.inputTokens),
  outputTokens: countable(a.outputTokens + b.outputTokens),
  cacheReadTokens: countable(a.cacheReadTokens + b.cacheReadTokens),
  cacheWriteTokens: countable(a.cacheWriteTokens + b.cacheWriteTokens),
  usd: a.usd === null || b.usd === null ? null : Math.min(a.usd + b.usd, Number.MAX_VALUE),
  ...((a.estimated || b.estimated) && { estimated: true as const }),
});

/** Input plus output tokens, as `limits.tokens` counts them. */
export const tokens = (usage: Usage): number => usage.inputTokens + usage.outputTokens;
