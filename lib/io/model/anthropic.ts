import { createAnthropic } from '@ai-sdk/anthropic';
import { type MessageUsage, messageDialect } from './message-event.ts';
import type { Provide } from './provider.ts';
import { baseUrl, keyOf } from './setting.ts';

/** Appends `/v1` if it is missing: the AI SDK's base URL has it, that of Anthropic's own SDKs has not. */
const versioned = (url: string): string => (url.endsWith('/v1') ? url : `${url}/v1`);

/** Models that hold an answer to a schema, beside tools too: Claude Opus from 4.1 on, Sonnet and Haiku from 4.5 on. */
const formats = /claude-(opus-4-[1-9](?!\d)|(sonnet|haiku)-4-[5-9](?!\d)|(opus|sonnet|haiku)-[5-9])/;

/** Claude at Anthropic, or at any server with its Messages API at ANTHROPIC_BASE_URL. */
export const anthropic: Provide = async (model, { env, secret }) => {
  const apiKey = await keyOf('ANTHROPIC_API_KEY', secret);
  const baseURL = versioned(baseUrl('ANTHROPIC_BASE_URL', env) ?? 'https://api.anthropic.com');
  return {
    model: (fetch) => createAnthropic({ apiKey, baseURL, fetch })(model),
    call: () => {
      const used: MessageUsage = {};
      return { dialect: messageDialect(used), inputTokens: () => used.inputTokens };
    },
    typed: () => (formats.test(model) ? { anthropic: { structuredOutputMode: 'outputFormat' } } : undefined),
    cache: { anthropic: { cacheControl: { type: 'ephemeral' } } },
    secrets: [apiKey],
  };
};
