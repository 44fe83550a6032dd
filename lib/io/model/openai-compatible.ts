import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { Failure } from '../../failure.ts';
import type { Provide } from './provider.ts';
import { baseUrl } from './setting.ts';

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
  return {
    model: createOpenAICompatible({ name: 'openai-compatible', baseURL, ...(apiKey && { apiKey }) })(model),
    cache: undefined,
    secrets: apiKey ? [apiKey] : [],
  };
};
