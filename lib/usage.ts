import * as z from 'zod';

const count = z.number().int().nonnegative();

/** What model calls used. `inputTokens` counts cached ones too. `usd` is null where no price is known, never 0. */
export const Usage = z.strictObject({
  inputTokens: count,
  outputTokens: count,
  cacheReadTokens: count,
  cacheWriteTokens: count,
  usd: z.number().nonnegative().nullable(),
});
export type Usage = z.infer<typeof Usage>;

export const noUsage: Usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0 };

/** The nearest count that can be written and read again, whatever a provider claims. */
export const countable = (tokens: number): number => Math.min(Math.max(0, Math.round(tokens)), Number.MAX_SAFE_INTEGER);

/** The sum of two usages, which can be stored whatever they are. An unknown price makes the sum's price unknown. */
export const addUsage = (a: Usage, b: Usage): Usage => ({
  inputTokens: countable(a.inputTokens + b.inputTokens),
  outputTokens: countable(a.outputTokens + b.outputTokens),
  cacheReadTokens: countable(a.cacheReadTokens + b.cacheReadTokens),
  cacheWriteTokens: countable(a.cacheWriteTokens + b.cacheWriteTokens),
  usd: a.usd === null || b.usd === null ? null : Math.min(a.usd + b.usd, Number.MAX_VALUE),
});

/** Input and output tokens together: what `limits.tokens` counts. */
export const tokens = (usage: Usage): number => usage.inputTokens + usage.outputTokens;
