import type { LanguageModelV4CallOptions, LanguageModelV4Message, SharedV4ProviderOptions } from '@ai-sdk/provider';
import type { ModelRequest, ToolSpec } from '../../agent/model.ts';
import type { Message } from '../../run/message.ts';
import { wellFormed } from '../../text.ts';

const messageOf = (message: Message): LanguageModelV4Message =>
  message.role === 'user' ? { role: 'user', content: [{ type: 'text', text: message.content }] } : message;

const toolOf = ({ name, description, inputSchema }: ToolSpec) =>
  ({ type: 'function', name, description, inputSchema }) as const;

/**
 * Converts a request to the AI SDK's form. The same request always gives the same call, which provider caches require.
 * `cache` marks the system prompt and the last message, so the next step reads both from the provider's cache.
 */
export const callOf = (
  request: ModelRequest,
  cache: SharedV4ProviderOptions | undefined,
): Pick<LanguageModelV4CallOptions, 'prompt' | 'tools'> => {
  const { system, messages, tools } = wellFormed(request);
  const mark = cache && { providerOptions: cache };
  const prompt = messages.map(messageOf);
  return {
    prompt: [
      ...(system?.trim() ? [{ role: 'system' as const, content: system, ...mark }] : []),
      ...prompt.slice(0, -1),
      ...prompt.slice(-1).map((message) => ({ ...message, ...mark })),
    ],
    ...(tools.length > 0 && { tools: tools.map(toolOf) }),
  };
};
