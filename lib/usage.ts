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

/** The sum of two usages. An unknown price makes the sum's price unknown. */
export const addUsage = (a: Usage, b: Usage): Usage => ({
  inputTokens: a.inputTokens + b.inputTokens,
  outputTokens: a.outputTokens + b.outputTokens,
  cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
  cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
  usd: a.usd === null || b.usd === null ? null : a.usd + b.usd,
});

/** Input and output tokens together: what `limits.tokens` counts. */
export const tokens = (usage: Usage): number => usage.inputTokens + usage.outputTokens;
