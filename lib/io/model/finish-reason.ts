import type { Finish } from '../../agent/model.ts';

/**
 * What a provider's word for the end of a reply means. `end`: the reply is whole. `calls`: it is whole and has tool calls. `cut`: it reached
 * its limit of tokens. `full`: the context window is full. `refused`: a filter or the model refused. `broken`: the server failed.
 */
type Verdict = 'end' | 'calls' | 'cut' | 'full' | 'refused' | 'broken';

/**
 * The words of each provider's documentation, in lower case with `_` between words. OpenAI's are also those of Azure, Groq, xAI, Ollama,
 * llama.cpp and LiteLLM.
 */
const words: Record<Verdict, Record<string, string[]>> = {
  end: {
    openai: ['stop'],
    anthropic: ['end_turn', 'stop_sequence'],
    bedrock: ['end_turn', 'stop_sequence'],
    gemini: ['stop', 'finish_reason_stop'],
    huggingface: ['eos_token', 'stop_sequence'],
    together: ['eos'],
    cohere: ['complete'],
    // A server that names no reason sends null; some write it as a word.
    others: ['', 'null', 'none', 'done', 'completed', 'end', 'eot'],
  },
  calls: {
    openai: ['tool_calls', 'function_call'],
    anthropic: ['tool_use'],
    bedrock: ['tool_use'],
    cohere: ['tool_call'],
  },
  cut: {
    openai: ['length'],
    anthropic: ['max_tokens'],
    bedrock: ['max_tokens'],
    gemini: ['max_tokens', 'finish_reason_max_tokens'],
    others: ['max_output_tokens', 'max_length', 'token_limit', 'incomplete', 'error_limit'],
  },
  full: {
    anthropic: ['model_context_window_exceeded'],
    bedrock: ['model_context_window_exceeded'],
    mistral: ['model_length'],
    others: ['context_length_exceeded', 'context_window_exceeded', 'context_full'],
  },
  refused: {
    openai: ['content_filter'],
    anthropic: ['refusal'],
    bedrock: ['guardrail_intervened', 'content_filtered'],
    gemini: ['safety', 'recitation', 'blocklist', 'prohibited_content', 'spii', 'language', 'image_safety'],
    zhipu: ['sensitive'],
    cohere: ['error_toxic'],
    others: ['content_filtered', 'safety_filter', 'blocked', 'moderation', 'guardrail'],
  },
  broken: {
    anthropic: ['pause_turn', 'compaction'],
    bedrock: ['malformed_model_output', 'malformed_tool_use'],
    gemini: ['malformed_function_call', 'unexpected_tool_call', 'too_many_tool_calls', 'other'],
    vllm: ['abort', 'error', 'repetition'],
    ollama: ['load', 'unload'],
    mistral: ['error'],
    openrouter: ['error'],
    deepseek: ['insufficient_system_resource'],
    zhipu: ['network_error'],
    cohere: ['user_cancel'],
    others: ['cancelled', 'canceled', 'aborted', 'timeout', 'timed_out', 'failed', 'server_error', 'overloaded'],
  },
};

const verdicts = new Map<string, Verdict>(
  Object.entries(words).flatMap(([verdict, byProvider]) =>
    Object.values(byProvider).flatMap((list) => list.map((word): [string, Verdict] => [word, verdict as Verdict])),
  ),
);

/** All words of the table with what they mean. */
export const knownReasons: ReadonlyMap<string, Verdict> = verdicts;

/** `MAX-TOKENS`, `maxTokens` and `max_tokens` are one word. */
const plain = (raw: string): string =>
  raw
    .trim()
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replace(/[\s-]+/g, '_')
    .toLowerCase();

const finishes: Record<Exclude<Verdict, 'calls'>, Finish> = {
  end: 'stop',
  cut: 'length',
  full: 'context',
  refused: 'refused',
  broken: 'broken',
};

/**
 * How a reply ended, by the provider's own word. A missing word is a good end, a word that the table does not have is `other`, and a word
 * for tool calls without a call is `broken`. `unified` is the AI SDK's reading of it, which alone knows a refusal in the text.
 */
export const finishOf = ({ raw, unified }: { raw: string | undefined; unified: string }, called: boolean): Finish => {
  const verdict = verdicts.get(plain(raw ?? ''));
  if (verdict === undefined) return 'other';
  if (verdict === 'calls' && !called) return unified === 'stop' ? 'stop' : 'broken';
  if (verdict !== 'calls' && verdict !== 'end') return finishes[verdict];
  if (unified === 'content-filter') return 'refused';
  return called ? 'tool-calls' : 'stop';
};
