import { calcPrice } from '@pydantic/genai-prices';
import { parseModelId } from '../../job/model-id.ts';
import type { Usage } from '../../usage.ts';

/** Where the table keeps a provider's prices. A compatible server is known by its base URL alone. */
const providerOf = (provider: string, baseUrl: string | undefined) => {
  if (provider === 'anthropic') return { providerId: 'anthropic' };
  if (provider === 'bedrock') return { providerId: 'aws' };
  return baseUrl === undefined ? undefined : { providerApiUrl: baseUrl };
};

/**
 * What model calls of `usage` cost in US dollars by the prices of that day, or null where none is known: never 0 for want
 * of a price. The table is the one built into the library; nothing is fetched.
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
