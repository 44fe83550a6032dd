import type { LanguageModelV4Content, LanguageModelV4GenerateResult, SharedV4ProviderMetadata } from '@ai-sdk/provider';
import type { ModelReply, ReplyPart } from '../../agent/model.ts';
import { exactJson } from '../../exact-json.ts';
import { wellFormed } from '../../text.ts';
import { countable, type Usage } from '../../usage.ts';
import { finishOf } from './finish-reason.ts';

/** A reply in the AI SDK's form. Its list of finish reasons grows, so the reason is any text. */
export type Generated = Pick<LanguageModelV4GenerateResult, 'content' | 'usage'> & {
  finishReason: { unified: string; raw: string | undefined };
};

/** The cost of tokens in US dollars, or null if no price is known. */
export type Price = (tokens: Omit<Usage, 'usd'>) => number | null;

/** Options that the next request must send back with the part, such as signatures. Bedrock repeats them under an old name, which is dropped. */
const optionsOf = (metadata: SharedV4ProviderMetadata = {}): Pick<ReplyPart, 'providerOptions'> => {
  const { bedrock: _old, ...kept } = JSON.parse(JSON.stringify(metadata));
  return Object.keys(kept).length > 0 ? { providerOptions: kept } : {};
};

/** Parses the arguments of a call. Text that is not JSON, or holds a number that would change, stays text: `acceptReply` refuses the call. */
const inputOf = (text: string): unknown => {
  if (text.trim() === '') return {};
  const read = exactJson(text);
  return 'value' in read ? read.value : text;
};

const partOf = (part: LanguageModelV4Content): ReplyPart[] => {
  if (part.type === 'text') {
    return part.text.trim() === '' ? [] : [{ type: 'text', text: part.text, ...optionsOf(part.providerMetadata) }];
  }
  if (part.type === 'reasoning') {
    const options = optionsOf(part.providerMetadata);
    return part.text.trim() === '' && !options.providerOptions
      ? []
      : [{ type: 'reasoning', text: part.text, ...options }];
  }
  if (part.type !== 'tool-call' || part.providerExecuted) return [];
  const { toolCallId, toolName, input, providerMetadata } = part;
  return [{ type: 'tool-call', toolCallId, toolName, input: inputOf(input), ...optionsOf(providerMetadata) }];
};

const count = (tokens: number | undefined): number => countable(tokens ?? 0);

/** A reply's usage with its cost. The cost is unknown if the provider did not count tokens. */
const usageOf = ({ inputTokens, outputTokens }: Generated['usage'], price: Price): Usage => {
  const tokens = {
    inputTokens: count(inputTokens.total),
    outputTokens: count(outputTokens.total),
    cacheReadTokens: count(inputTokens.cacheRead),
    cacheWriteTokens: count(inputTokens.cacheWrite),
  };
  const counted = inputTokens.total !== undefined && outputTokens.total !== undefined;
  return { ...tokens, usd: counted ? price(tokens) : null };
};

/** Converts a reply of the AI SDK. Drops blank texts and parts that no request asks for, and keeps everything else. */
export const replyOf = ({ content, finishReason, usage }: Generated, price: Price): ModelReply => {
  const parts = wellFormed(content.flatMap(partOf));
  const called = parts.some((part) => part.type === 'tool-call');
  return {
    content: parts,
    finish: finishOf(finishReason, called),
    word: finishReason.raw,
    usage: usageOf(usage, price),
  };
};
