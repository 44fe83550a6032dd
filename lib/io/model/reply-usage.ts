import type { LanguageModelV4Usage } from '@ai-sdk/provider';
import { countable, type Usage } from '../../usage.ts';
import { type Fields, fieldsOf, tokensOf } from './loose-json.ts';

/** The cost of tokens in US dollars, or null if no price is known. */
export type Price = (tokens: Omit<Usage, 'usd'>) => number | null;

/** The size of a request and its reply in characters, from which tokens are estimated. */
export type Size = { request: number; reply: number };

type Counts = Omit<Usage, 'usd' | 'estimated'>;

const first = (...values: unknown[]): number | undefined => values.map(tokensOf).find((count) => count !== undefined);

/**
 * The usage of an OpenAI-compatible server. Cached tokens: OpenAI and most others in the details, DeepSeek, Moonshot and gateways to Claude
 * in fields of their own. Some count thoughts beside `completion_tokens`, which only `total_tokens` shows.
 */
const chatCounts = (raw: Fields): Partial<Counts> => {
  const { prompt_tokens_details: details, completion_tokens: completion, total_tokens: total } = raw;
  const { cached_tokens, cache_write_tokens, cache_creation_tokens } = fieldsOf(details);
  const read = first(cached_tokens, raw.prompt_cache_hit_tokens, raw.cached_tokens, raw.cache_read_input_tokens);
  const written = first(cache_write_tokens, cache_creation_tokens, raw.cache_creation_input_tokens);
  const input = first(raw.prompt_tokens);
  const output = first(completion);
  const whole = first(total) ?? 0;
  const beside = input === undefined ? 0 : Math.max(0, whole - input - (output ?? 0));
  return {
    ...(input !== undefined && { inputTokens: input }),
    ...((output !== undefined || beside > 0) && { outputTokens: (output ?? 0) + beside }),
    cacheReadTokens: read ?? 0,
    cacheWriteTokens: written ?? 0,
  };
};

const sdkCounts = ({ inputTokens, outputTokens, raw }: LanguageModelV4Usage): Partial<Counts> => {
  const [input, output] = [inputTokens.total, outputTokens.total];
  const total = first(fieldsOf(raw).totalTokens) ?? 0;
  const beside = Math.max(0, total - (input ?? 0) - (output ?? 0));
  return {
    ...(input !== undefined && { inputTokens: input }),
    ...(output !== undefined && { outputTokens: output + beside }),
    cacheReadTokens: inputTokens.cacheRead ?? 0,
    cacheWriteTokens: inputTokens.cacheWrite ?? 0,
  };
};

/** What the provider counted, as far as it did. */
const told = (usage: LanguageModelV4Usage | undefined): Partial<Counts> => {
  if (!usage) return {};
  const raw = fieldsOf(usage.raw);
  return 'prompt_tokens' in raw || 'completion_tokens' in raw || 'total_tokens' in raw
    ? chatCounts(raw)
    : sdkCounts(usage);
};

/** English text has about four characters a token, and JSON somewhat fewer. */
const estimate = (characters: number): number => Math.ceil(characters / 4);

/** A count, or an estimate where a server tells none or 0 for a text. */
const counted = (count: number | undefined, characters: number): { tokens: number; estimated: boolean } => {
  if (count !== undefined && Number.isFinite(count) && (count > 0 || characters === 0)) {
    return { tokens: countable(count), estimated: false };
  }
  return { tokens: estimate(characters), estimated: characters > 0 };
};

/** The usage of a call with its cost. Tokens that the provider does not count are estimated, and then the cost is unknown. */
export const replyUsage = (usage: LanguageModelV4Usage | undefined, size: Size, price: Price): Usage => {
  const counts = told(usage);
  const input = counted(counts.inputTokens, size.request);
  const output = counted(counts.outputTokens, size.reply);
  const tokens = {
    inputTokens: input.tokens,
    outputTokens: output.tokens,
    cacheReadTokens: countable(counts.cacheReadTokens ?? 0),
    cacheWriteTokens: countable(counts.cacheWriteTokens ?? 0),
  };
  const estimated = input.estimated || output.estimated;
  return estimated ? { ...tokens, usd: null, estimated } : { ...tokens, usd: price(tokens) };
};

/** The usage of a call that broke off: the input, as far as it is known, and an estimate of what had come. */
export const cutUsage = (inputTokens: number | undefined, size: Size): Usage => ({
  inputTokens: countable(inputTokens ?? estimate(size.request)),
  outputTokens: estimate(size.reply),
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  usd: null,
  estimated: true,
});
