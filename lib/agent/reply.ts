import { Failure } from '../failure.ts';
import { type AssistantMessage, type AssistantPart, isToolName, type ToolCallPart, wordForm } from '../run/message.ts';
import { byteLength, capped, wellFormed } from '../text.ts';
import type { ModelReply, ReplyPart } from './model.ts';

/** What a reply's text may take of a step, in UTF-8 bytes. */
const maxTextBytes = 32 * 1024;
/** What the arguments of all calls together may take of a step, as JSON in UTF-8 bytes. */
const maxInputBytes = 32 * 1024;
/**
 * What a whole reply may take of a step, thoughts (which cannot be cut: they are signed) and a result for each call included,
 * in UTF-8 bytes. Known before any call is made, so that no effect is made for a step that could not be committed.
 */
const maxReplyBytes = 128 * 1024;
/** What a refused call's result takes at the least. */
const resultBytes = 512;
/** How many calls one reply may make. */
const maxCalls = 32;

/** How deep arguments may be nested: far deeper, checking them would run out of stack. */
const maxDepth = 64;
const toolName = (name: string): string => {
  const legal = name.replaceAll(/[^a-zA-Z0-9_-]/g, '_').slice(0, 64) || 'unnamed';
  return isToolName(legal) ? legal : `${legal}_`;
};

/** A call whose arguments could not be kept: told apart by its call, so that the loop refuses it instead of calling. */
export type Refusal = { toolCallId: string; why: string };

/**
 * The reply as it may be stored and sent back: no blank text, texts within bounds, calls with unique ids, legal names and
 * an object as arguments. Calls that had to be changed for that are refused, not made. `taken` are ids of earlier steps.
 * Throws EmptyReply where nothing is left, ItemTooLarge where it could not be committed, ReplyCut and ReplyRefused where the provider ended it.
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
    throw new Failure('EmptyReply', 'the model answered without a word or a tool call');
  const size = byteLength(JSON.stringify(content)) + calls.length * resultBytes;
  if (size > maxReplyBytes)
    throw new Failure('ItemTooLarge', `the reply takes ${size} bytes of ${maxReplyBytes} a step has for it`);
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
  if (name !== part.toolName) return { part: named, why: 'no tool has such a name' };
  if (!isRecord(part.input) || !isJson(part.input, maxDepth))
    return { part: named, why: `the arguments must be a JSON object, at most ${maxDepth} levels deep` };
  const input = wellFormed(part.input);
  const size = byteLength(JSON.stringify(input));
  if (size > maxBytes) return { part: named, why: `the arguments took ${size} bytes of ${maxBytes} allowed` };
  return { part: { ...named, input } };
};

/** An id that no call has: short enough whatever the name, with its number before what may be cut. */
const freeId = (name: string, ids: Set<string>): string => {
  let number = ids.size + 1;
  while (ids.has(numberedId(number, name))) number += 1;
  return numberedId(number, name);
};
const numberedId = (number: number, name: string): string => `call_${number}_${name}`.slice(0, 64);

const isRecord = (value: unknown): value is ToolCallPart['input'] =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON that can be written and read again. `1e999` parses as Infinity, which cannot. */
const isJson = (value: unknown, levels: number): boolean => {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return value === null || /^(string|boolean)$/.test(typeof value);
  return levels > 0 && Object.values(value).every((inner) => isJson(inner, levels - 1));
};
