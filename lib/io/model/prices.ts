import { calcPrice } from '@pydantic/genai-prices';
import { parseModelId } from '../../job/model-id.ts';
import type { Usage } from '../../usage.ts';

/** A provider's key in the price table. An OpenAI-compatible server is found by its base URL. */
const providerOf = (provider: string, baseUrl: string | undefined) => {
  if (provider === 'anthropic') return { providerId: 'anthropic' };
  if (provider === 'bedrock') return { providerId: 'aws' };
  return baseUrl === undefined ? undefined : { providerApiUrl: baseUrl };
};

/**
 * The cost of `usage` in US dollars, by the prices at an instant. Null, never 0, if the model has no known price.
 * The price table is part of the library; nothing is fetched.
 */
export const price = (
  modelId: string,
  usage: Omit<Usage, 'usd'>,
  at: Date,
  baseUrl?: string | undefined,
): number | null => {
  const id = parseModelId(modelId);
  const provider = id && providerOf(id.provider, baseUrl);
  if (!id || !provider) return null;
  const { inputTokens, cacheReadTokens, cacheWriteTokens } = usage;
  const counted = Math.max(inputTokens, cacheReadTokens + cacheWriteTokens);
  const tokens = {
    input_tokens: counted,
    output_tokens: usage.outputTokens,
    cache_read_tokens: cacheReadTokens,
    cache_write_tokens: cacheWriteTokens,
  };
  return calcPrice(tokens, id.model, { ...provider, timestamp: at })?.total_price ?? null;
};

const one = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0 };

/**
 * A warning for each job whose model has no known price: its limits in dollars are not held. A mistyped model looks like this, too. Models of an
 * OpenAI-compatible server are left out where its address is not known.
 */
export const priceWarnings = (
  jobs: { name: string; model: string }[],
  at: Date,
  baseUrl?: string | undefined,
): string[] =>
  jobs.flatMap(({ name, model }) => {
    const provider = parseModelId(model)?.provider;
    const isAsked = provider === 'anthropic' || provider === 'bedrock' || (provider === 'openai-compatible' && baseUrl);
    if (!isAsked || price(model, one, at, baseUrl) !== null) return [];
    return [
      `${name}: no price is known for ${model}, so its limits in dollars are not held; limits.tokens is. Is the model's name right?`,
    ];
  });
