import { createAnthropic } from '@ai-sdk/anthropic';
import type { Provide } from './provider.ts';
import { baseUrl, keyOf } from './setting.ts';

/** Appends `/v1` if it is missing: the AI SDK's base URL has it, that of Anthropic's own SDKs has not. */
const versioned = (url: string): string => (url.endsWith('/v1') ? url : `${url}/v1`);

/** Claude at Anthropic, or at any server with its Messages API at ANTHROPIC_BASE_URL. */
export const anthropic: Provide = async (model, { env, secret }) => {
  const apiKey = await keyOf('ANTHROPIC_API_KEY', secret);
  const baseURL = versioned(baseUrl('ANTHROPIC_BASE_URL', env) ?? 'https://api.anthropic.com');
  return {
    model: createAnthropic({ apiKey, baseURL })(model),
    cache: { anthropic: { cacheControl: { type: 'ephemeral' } } },
    secrets: [apiKey],
  };
};
