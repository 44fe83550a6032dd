import { createHash } from 'node:crypto';

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

type Usage = {
  input_tokens: number;
  output_tokens: number;
  cache_read_input_tokens: number;
  cache_creation_input_tokens: number;
};

type StopReason = 'end_turn' | 'tool_use' | 'max_tokens' | 'refusal' | 'stop_sequence' | 'pause_turn';

/** A model turn. A reply without fields has an empty `content`. An empty or blank `text` is sent unchanged. */
type MessageReply = {
  thinking?: string;
  text?: string;
  /** Tool calls, made in parallel. An id is made from the request when none is given. */
  calls?: { name: string; input: unknown; id?: string }[];
  stop?: StopReason;
  usage?: Partial<Usage>;
};

/** An error answer. `type` and `message` default to the real ones for that status. */
export type ErrorReply = {
  error: number;
  type?: string;
  message?: string;
  retryAfterSeconds?: number;
  headers?: Record<string, string>;
};

/**
 * Faults below HTTP. `hang`: no answer until the client leaves or the server closes. `half`: headers and
 * half the body, then the connection is cut. `cut`: a whole HTTP answer whose JSON stops half-way. `reset`: cut at once.
 */
type BrokenReply = { broken: 'hang' | 'half' | 'cut' | 'reset' };

export type Reply = MessageReply | ErrorReply | BrokenReply;

/** The signature that this server gives a thought, and the only one that it accepts back. */
export const signature = (thinking: string): string => `sig-${hash(thinking)}`;

const blocks = (reply: MessageReply, seed: string) => [
  ...(reply.thinking === undefined
    ? []
    : [{ type: 'thinking', thinking: reply.thinking, signature: signature(reply.thinking) }]),
  ...(reply.text === undefined ? [] : [{ type: 'text', text: reply.text }]),
  ...(reply.calls ?? []).map(({ name, input, id }, n) => ({
    type: 'tool_use',
    id: id ?? `toolu_01${hash(`${seed}#${n}`).slice(0, 22)}`,
    name,
    input,
  })),
];

const tokensOf = (text: string): number => Math.max(1, Math.ceil(text.length / 4));

/**
 * The body of a 200, made from the reply and the request it answers and from nothing else: the same request gets the same
 * tool ids. Tokens default to a quarter of the length of what went in and out.
 */
export const messageBody = (reply: MessageReply, request: { model: string; raw: string }) => {
  const content = blocks(reply, request.raw);
  return {
    id: `msg_01${hash(request.raw).slice(0, 22)}`,
    type: 'message',
    role: 'assistant',
    model: request.model,
    content,
    stop_reason: reply.stop ?? (reply.calls?.length ? 'tool_use' : 'end_turn'),
    stop_sequence: null,
    usage: {
      input_tokens: tokensOf(request.raw),
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: tokensOf(JSON.stringify(content)),
      service_tier: 'standard',
      ...reply.usage,
    },
  };
};

const errors: Record<number, { type: string; message: string }> = {
  400: { type: 'invalid_request_error', message: 'Error' },
  401: { type: 'authentication_error', message: 'invalid x-api-key' },
  402: { type: 'billing_error', message: 'There is an issue with your billing or payment information.' },
  403: { type: 'permission_error', message: 'Your API key does not have permission to use the specified resource.' },
  404: { type: 'not_found_error', message: 'Not Found' },
  413: { type: 'request_too_large', message: 'Request exceeds the maximum size' },
  429: {
    type: 'rate_limit_error',
    message: "This request would exceed your organization's rate limit of 50 requests per minute.",
  },
  500: { type: 'api_error', message: 'Internal server error' },
  504: { type: 'timeout_error', message: 'Request timed out' },
  529: { type: 'overloaded_error', message: 'Overloaded' },
};

/** Status, headers and body of an error answer, in the provider's shape. */
export const errorAnswer = (reply: ErrorReply, requestId: string) => {
  const usual = errors[reply.error] ?? { type: 'api_error', message: 'Internal server error' };
  const retryAfter = reply.retryAfterSeconds ?? (reply.error === 429 ? 1 : undefined);
  return {
    status: reply.error,
    headers: { ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }), ...reply.headers },
    body: {
      type: 'error',
      error: { type: reply.type ?? usual.type, message: reply.message ?? usual.message },
      request_id: requestId,
    },
  };
};
