import type { AssistantPart, Message, ToolCallPart } from '../run/message.ts';
import type { Usage } from '../usage.ts';

/** A tool as the model sees it. */
export type ToolSpec = { name: string; description: string; inputSchema: Record<string, unknown> };

export type ModelRequest = { system: string | undefined; messages: Message[]; tools: ToolSpec[] };

/** A part of a reply as the provider sent it. Arguments, ids and names of calls are unchecked. */
export type ReplyPart = Exclude<AssistantPart, ToolCallPart> | (Omit<ToolCallPart, 'input'> & { input: unknown });

/** A provider's reply, unchecked. `content` has no blank texts and may be empty. */
export type ModelReply = {
  content: ReplyPart[];
  finish: 'stop' | 'tool-calls' | 'length' | 'refused' | 'other';
  usage: Usage;
};

/**
 * One model turn: messages in, reply and usage out. It never retries, because the state machine does.
 * Throws ModelUnavailable (no or an incomplete response, 5xx), ModelThrottled (429, with Retry-After), InvalidPrompt (400),
 * UnknownModel (404) or Unauthorized (401, 403). If the signal aborts, it rejects with the signal's reason.
 */
export type Model = (request: ModelRequest, signal: AbortSignal) => Promise<ModelReply>;
