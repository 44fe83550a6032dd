import type { AssistantPart, Message, ToolCallPart } from '../run/message.ts';
import type { Usage } from '../usage.ts';

/** A tool as the model sees it. */
export type ToolSpec = { name: string; description: string; inputSchema: Record<string, unknown> };

export type ModelRequest = { system: string | undefined; messages: Message[]; tools: ToolSpec[] };

/** A part of a reply as the provider sent it. Arguments, ids and names of calls are unchecked. */
export type ReplyPart = Exclude<AssistantPart, ToolCallPart> | (Omit<ToolCallPart, 'input'> & { input: unknown });

/**
 * How a reply ended. `stop` and `tool-calls` are whole replies. `length`: cut at the limit of output tokens. `context`: cut because the
 * model's context window was full. `broken`: the server failed. `other`: the provider's word for it is not known.
 */
export type Finish = 'stop' | 'tool-calls' | 'length' | 'context' | 'refused' | 'broken' | 'other';

/** A provider's reply, unchecked. `content` has no blank texts and may be empty. `word` is the provider's own word for its end. */
export type ModelReply = { content: ReplyPart[]; finish: Finish; word?: string | undefined; usage: Usage };

/**
 * One model turn: messages in, reply and usage out. It never retries, because the state machine does.
 * Throws ModelUnavailable (no or an incomplete response, 5xx), ModelThrottled (429, with the wait that is asked for), InvalidPrompt (400),
 * UnknownModel (404) or Unauthorized (401, 403). A failure after the reply began carries its usage. If the signal aborts, it rejects with
 * the signal's reason, and `used` is told at that moment what the call had used.
 */
export type Model = (request: ModelRequest, signal: AbortSignal, used?: (usage: Usage) => void) => Promise<ModelReply>;
