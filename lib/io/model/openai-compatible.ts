import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { Failure } from '../../failure.ts';
import { type ChatThoughts, chatDialect } from './chat-chunk.ts';
import type { Provide } from './provider.ts';
import { baseUrl } from './setting.ts';
import { promptWithThoughts, withThoughts } from './thought.ts';

/** OpenAI itself, or Azure: their newer models refuse `max_tokens`, and they hold only answers to a schema, not calls of tools. */
const isOpenAI = (baseURL: string): boolean =>
  /^https:\/\/(api\.openai\.com|[^/]*\.openai\.azure\.com)(\/|$)/.test(baseURL);

/** A model of any server with OpenAI's chat completions API (Ollama, vLLM, llama.cpp, gateways). The key is optional. */
export const openaiCompatible: Provide = async (model, { env, secret }) => {
  const baseURL = baseUrl('OPENAI_COMPATIBLE_BASE_URL', env);
  if (!baseURL) {
    throw new Failure(
      'UnknownModel',
      'OPENAI_COMPATIBLE_BASE_URL is not set: set it to the URL of the server, like http://127.0.0.1:11434/v1',
    );
  }
  const apiKey = await secret('OPENAI_COMPATIBLE_API_KEY');
  const transformRequestBody = ({ max_tokens: limit, ...body }: Record<string, unknown>) => ({
    ...body,
    ...(limit !== undefined && { [isOpenAI(baseURL) ? 'max_completion_tokens' : 'max_tokens']: limit }),
  });
  const options = { name: 'openai-compatible', baseURL, includeUsage: true, supportsStructuredOutputs: true };
  return {
    model: (fetch) =>
      createOpenAICompatible({ ...options, fetch, transformRequestBody, ...(apiKey && { apiKey }) })(model),
    call: () => {
      const thoughts: ChatThoughts = { details: [] };
      return {
        dialect: chatDialect(thoughts),
        prompt: promptWithThoughts,
        content: (content) => withThoughts(content, thoughts),
      };
    },
    // llama.cpp and vLLM hold every reply to the schema, so that a call of a tool is impossible beside one.
    typed: (tools) => (tools && !isOpenAI(baseURL) ? undefined : { openaiCompatible: { strictJsonSchema: false } }),
    cache: undefined,
    secrets: apiKey ? [apiKey] : [],
  };
};
