import { exactJson } from '../exact-json.ts';
import { Failure } from '../failure.ts';
import { type AssistantMessage, type AssistantPart, isToolName, type ToolCallPart, wordForm } from '../run/message.ts';
import { byteLength, capped, wellFormed } from '../text.ts';
import type { ModelReply, ReplyPart } from './model.ts';

/** Maximum size of a reply's text beside tool calls, and of a final answer, in UTF-8 bytes. */
const maxTextBytes = 32 * 1024;
export const maxAnswerBytes = 96 * 1024;
/** Maximum size of the arguments of all calls together, as JSON in UTF-8 bytes. */
const maxInputBytes = 32 * 1024;
/**
 * Maximum size of a whole reply with calls in UTF-8 bytes, including reasoning and a result for each call. It is checked before any call is
 * made: no effect happens for a step that could not be committed.
 */
const maxReplyBytes = 128 * 1024;
/** Maximum size of a final reply as JSON, in UTF-8 bytes. Quotes and line ends take two bytes each, so an answer takes at most 192 KB. */
const maxFinalBytes = 320 * 1024;
/** Size reserved for the result of each call, in bytes. A refused call needs about this much. */
const resultBytes = 512;
/** Maximum number of calls in one reply. */
const maxCalls = 32;

/** Maximum nesting of arguments. The check would run out of stack on much deeper values. */
const maxDepth = 64;
const toolName = (name: string): string => {
  const legal = name.replaceAll(/[^a-zA-Z0-9_-]/g, '_').slice(0, 64) || 'unnamed';
  return isToolName(legal) ? legal : `${legal}_`;
};

/** A call that is answered with a refusal instead of being made. `why` is for the model. */
export type Refusal = { toolCallId: string; why: string };

/**
 * Makes a reply fit to be stored and sent back: no blank text, bounded sizes, and calls with legal names, object arguments
 * and ids outside `taken`. A call whose name or arguments had to be replaced is refused.
 * Throws EmptyReply, ItemTooLarge (the step could not be committed), or where the provider ended the reply early ReplyCut, ReplyRefused or
 * ModelUnavailable.
 */
export const acceptReply = (
  reply: ModelReply,
  taken: Set<string>,
): { message: AssistantMessage; refusals: Refusal[] } => {
  checkEnd(reply);
  const ids = new Set(taken);
  const refusals: Refusal[] = [];
  const calls = reply.content.filter((part) => part.type === 'tool-call');
  let room = calls.length > 0 ? maxTextBytes : maxAnswerBytes;
  const content = reply.content.flatMap((part): AssistantPart[] => {
    if (part.type === 'reasoning') return [part];
    if (part.type === 'text') {
      const text = capped(part.text, room);
      if (text.trim() === '') return [];
      room -= byteLength(text);
      return [{ ...part, text }];
    }
    const accepted = acceptCall(part, ids, Math.floor(maxInputBytes / calls.length));
    ids.add(accepted.part.toolCallId);
    const why = calls.indexOf(part) >= maxCalls ? `at most ${maxCalls} calls are made in one turn` : accepted.why;
    if (why) refusals.push({ toolCallId: accepted.part.toolCallId, why });
    return [accepted.part];
  });
  if (!content.some((part) => part.type !== 'reasoning'))
    throw new Failure('EmptyReply', 'the reply has neither text nor a tool call');
  return { message: { role: 'assistant', content: fitted(content, calls.length) }, refusals };
};

const isThought = (part: AssistantPart): boolean => part.type === 'reasoning';

/** Whether a provider wants a thought back as it was: it has a signature or details. Our own mark only names the thought's form. */
const isSigned = ({ providerOptions = {} }: AssistantPart): boolean =>
  Object.entries(providerOptions).some(([name, options]) => name !== 'openaiCompatible' || 'details' in options);

/** The content without thoughts where it would be too large for a step. Beside calls, only unsigned thoughts are cut. Throws ItemTooLarge. */
const fitted = (content: AssistantPart[], calls: number): AssistantPart[] => {
  const sizeOf = (parts: AssistantPart[]) => byteLength(JSON.stringify(parts)) + calls * resultBytes;
  const max = calls > 0 ? maxReplyBytes : maxFinalBytes;
  if (sizeOf(content) <= max) return content;
  if (calls === 0) return content.filter((part) => !isThought(part));
  const cut = (bytes: number) =>
    content.map((part) =>
      part.type === 'reasoning' && !isSigned(part) ? { ...part, text: capped(part.text, bytes) } : part,
    );
  const size = sizeOf(cut(0));
  if (size > max) throw new Failure('ItemTooLarge', `the reply takes ${size} bytes, and a step allows ${max}`);
  return cut(Math.floor((max - size) / (2 * content.length)));
};

/** Throws unless the reply is whole. */
const checkEnd = ({ finish, word = 'no word' }: ModelReply): void => {
  const said = `the provider ended it with ${JSON.stringify(capped(word, 100))}`;
  switch (finish) {
    case 'stop':
    case 'tool-calls':
      return;
    case 'refused':
      throw new Failure('ReplyRefused', 'the provider refused to answer');
    case 'length':
      throw new Failure('ReplyCut', 'the reply was cut at its limit of output tokens: raise limits.outputTokens');
    case 'context':
      throw new Failure('ReplyCut', `the context window of the model is full: ${said}`);
    case 'broken':
      throw new Failure('ModelUnavailable', `the reply is not whole: ${said}`);
    case 'other':
      throw new Failure(
        'ModelUnavailable',
        `it is not known whether the reply is whole: ${said}, which is no known word`,
      );
  }
};

/** Arguments as text are read here, so that the reason why they cannot be read reaches the model. */
const readInput = (input: unknown): { value: unknown } | { problem: string } =>
  typeof input === 'string' ? exactJson(input) : { value: input ?? {} };

const acceptCall = (
  part: Extract<ReplyPart, { type: 'tool-call' }>,
  ids: Set<string>,
  maxBytes: number,
): { part: ToolCallPart; why?: string } => {
  const name = toolName(part.toolName);
  const usable = wordForm.test(part.toolCallId) && !ids.has(part.toolCallId);
  const named = { ...part, toolCallId: usable ? part.toolCallId : freeId(name, ids), toolName: name, input: {} };
  if (name !== part.toolName) return { part: named, why: 'no tool has this name' };
  const read = readInput(part.input);
  if ('problem' in read) return { part: named, why: `the arguments must be a JSON object: ${read.problem}` };
  if (!isRecord(read.value) || !isJson(read.value, maxDepth))
    return { part: named, why: `the arguments must be a JSON object, at most ${maxDepth} levels deep` };
  const input = wellFormed(read.value);
  const size = byteLength(JSON.stringify(input));
  if (size > maxBytes) return { part: named, why: `the arguments take ${size} bytes, and ${maxBytes} are allowed` };
  return { part: { ...named, input } };
};

/** An unused call id of at most 64 characters. The number comes first, because the name may be cut. */
const freeId = (name: string, ids: Set<string>): string => {
  let number = ids.size + 1;
  while (ids.has(numberedId(number, name))) number += 1;
  return numberedId(number, name);
};
const numberedId = (number: number, name: string): string => `call_${number}_${name}`.slice(0, 64);

const isRecord = (value: unknown): value is ToolCallPart['input'] =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a value survives being written as JSON and read again. `1e999` parses as Infinity, which does not. */
const isJson = (value: unknown, levels: number): boolean => {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return value === null || /^(string|boolean)$/.test(typeof value);
  return levels > 0 && Object.values(value).every((inner) => isJson(inner, levels - 1));
};
