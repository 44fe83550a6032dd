import type { LanguageModelV4Content, SharedV4ProviderMetadata } from '@ai-sdk/provider';
import type { ModelReply, ReplyPart } from '../../agent/model.ts';
import { exactJson } from '../../exact-json.ts';
import { wellFormed } from '../../text.ts';
import type { Usage } from '../../usage.ts';
import { finishOf } from './finish-reason.ts';

/** A collected reply in the AI SDK's form, with its usage. Its list of finish reasons grows, so the reason is any text. */
export type Generated = {
  content: LanguageModelV4Content[];
  finishReason: { unified: string; raw: string | undefined };
  usage: Usage;
};

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

/** Converts a reply of the AI SDK. Drops blank texts and parts that no request asks for, and keeps everything else. */
export const replyOf = ({ content, finishReason, usage }: Generated): ModelReply => {
  const parts = wellFormed(content.flatMap(partOf));
  const called = parts.some((part) => part.type === 'tool-call');
  return { content: parts, finish: finishOf(finishReason, called), word: finishReason.raw, usage };
};
