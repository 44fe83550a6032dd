import { Failure } from '../failure.ts';
import { type AssistantMessage, type AssistantPart, isToolName, type ToolCallPart, wordForm } from '../run/message.ts';
import { byteLength, capped, wellFormed } from '../text.ts';
import type { ModelReply, ReplyPart } from './model.ts';

/** Maximum size of a reply's text, in UTF-8 bytes. */
const maxTextBytes = 32 * 1024;
/** Maximum size of the arguments of all calls together, as JSON in UTF-8 bytes. */
const maxInputBytes = 32 * 1024;
/**
 * Maximum size of a whole reply in UTF-8 bytes, including reasoning (signed, so it cannot be cut) and a result for each call.
 * It is checked before any call is made: no effect happens for a step that could not be committed.
 */
const maxReplyBytes = 128 * 1024;
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
 * Throws EmptyReply, ItemTooLarge (the step could not be committed), or ReplyCut and ReplyRefused (the provider ended the reply).
 */
export const acceptReply = (
  reply: ModelReply,
  taken: Set<string>,
): { message: AssistantMessage; refusals: Refusal[] } => {
  if (reply.finish === 'refused') throw new Failure('ReplyRefused', 'the provider refused to answer');
  if (reply.finish === 'length')
    throw new Failure('ReplyCut', 'the reply ended at the output token limit of the model');
  const ids = new Set(taken);
  const refusals: Refusal[] = [];
  const calls = reply.content.filter((part) => part.type === 'tool-call');
  let room = maxTextBytes;
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
  const size = byteLength(JSON.stringify(content)) + calls.length * resultBytes;
  if (size > maxReplyBytes)
    throw new Failure('ItemTooLarge', `the reply takes ${size} bytes, and a step allows ${maxReplyBytes}`);
  return { message: { role: 'assistant', content }, refusals };
};

const acceptCall = (
  part: Extract<ReplyPart, { type: 'tool-call' }>,
  ids: Set<string>,
  maxBytes: number,
): { part: ToolCallPart; why?: string } => {
  const name = toolName(part.toolName);
  const usable = wordForm.test(part.toolCallId) && !ids.has(part.toolCallId);
  const named = { ...part, toolCallId: usable ? part.toolCallId : freeId(name, ids), toolName: name, input: {} };
  if (name !== part.toolName) return { part: named, why: 'no tool has this name' };
  if (!isRecord(part.input) || !isJson(part.input, maxDepth))
    return { part: named, why: `the arguments must be a JSON object, at most ${maxDepth} levels deep` };
  const input = wellFormed(part.input);
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
