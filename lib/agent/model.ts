import type { AssistantPart, Message, ToolCallPart } from '../run/message.ts';
import type { Usage } from '../usage.ts';

/** What the model is told of a tool. */
export type ToolSpec = { name: string; description: string; inputSchema: Record<string, unknown> };

export type ModelRequest = { system: string | undefined; messages: Message[]; tools: ToolSpec[] };

/** A part of a reply as the provider sent it: a call's arguments may be anything, ids and names too. */
export type ReplyPart = Exclude<AssistantPart, ToolCallPart> | (Omit<ToolCallPart, 'input'> & { input: unknown });

/** What the provider said, unjudged: `content` may be empty, and blank texts are already left out. */
export type ModelReply = {
  content: ReplyPart[];
  finish: 'stop' | 'tool-calls' | 'length' | 'refused' | 'other';
  usage: Usage;
};

/**
 * One model turn: messages in, reply and usage out. Never retries by itself: the state machine does.
 * Throws ModelUnavailable (no or half an answer, 5xx), ModelThrottled (429, with Retry-After), InvalidPrompt (400),
 * UnknownModel (404), Unauthorized (401, 403). When the signal aborts, rejects with the signal's own reason.
 */
export type Model = (request: ModelRequest, signal: AbortSignal) => Promise<ModelReply>;
