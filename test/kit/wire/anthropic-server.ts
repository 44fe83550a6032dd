import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { type ErrorReply, errorAnswer, messageBody, type Reply } from './anthropic-reply.ts';
import { type Ended, endOf, listen, readBody } from './listen.ts';
import { refusal, type WireModel } from './refusal.ts';
import { messageStream } from './streamed.ts';

/** A request body as the Messages API takes it. For a refused request it is the body as received. */
export type WireBody = {
  model: string;
  max_tokens: number;
  system?: string | { type: 'text'; text: string; cache_control?: unknown }[];
  messages: { role: 'user' | 'assistant'; content: string | { type: string; [field: string]: unknown }[] }[];
  tools?: { name: string; description?: string; input_schema: Record<string, unknown>; cache_control?: unknown }[];
};

export type WireRequest = {
  method: string;
  path: string;
  /** As received, the x-api-key too. */
  headers: IncomingHttpHeaders;
  /** The body as received. Bytes that are not UTF-8 show as U+FFFD, and such a request is refused. */
  raw: string;
  body: WireBody;
  refused: { status: number; message: string } | undefined;
  /** The answer in a word: `message`, `error 529`, `refused 400`, `hang`, `script is over` … `pending` until then. */
  answered: string;
  /** Resolves when the exchange is over. */
  ended: Promise<Ended>;
};

export type AnthropicOptions = {
  /**
   * The script: replies played in order, one for each accepted request; or a function of the request. `index` counts the
   * accepted requests from 0. A list that is over answers 500 and says `script is over` in `answered`.
   */
  reply?: Reply[] | ((request: { index: number; body: WireBody; raw: string }) => Reply | Promise<Reply>);
  /** The only accepted key. Default `test-key`. */
  key?: string;
  /** The known models. Default: some of the real ones. */
  models?: Record<string, WireModel>;
  /** The largest accepted body. Default 32 MB, as in the real API. */
  maxBytes?: number;
};

export type AnthropicServer = {
  /** The AI SDK's `baseURL`: `http://127.0.0.1:<port>/v1`. */
  url: string;
  /** The accepted key. */
  key: string;
  /** Every request in the order its body was read, including refused ones. */
  requests: WireRequest[];
  /** Resolves when `count` requests have been received; at once if they have. */
  received(count: number): Promise<void>;
  close(): Promise<void>;
};

const older: WireModel = { maxTokens: 64_000, prefill: true };
const newer: WireModel = { maxTokens: 128_000, prefill: false };
const defaultModels: Record<string, WireModel> = {
  'claude-haiku-4-5': older,
  'claude-sonnet-4-5': older,
  'claude-opus-4-5': older,
  'claude-sonnet-4-6': newer,
  'claude-opus-4-6': newer,
  'claude-sonnet-5': newer,
};

const scriptIsOver: ErrorReply = { error: 500, message: 'script is over' };

const sendText = (
  response: ServerResponse,
  status: number,
  headers: Record<string, string>,
  text: string,
  upTo = text.length,
) => {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  if (upTo === text.length) response.end(text);
  else response.write(text.slice(0, upTo), () => response.destroy());
};

type Answered = { model: string; raw: string; id: string; stream: boolean };

/** Sends a reply, whole or streamed, and returns the word for it. */
const send = (response: ServerResponse, reply: Reply, request: Answered): string => {
  if ('error' in reply) {
    const { status, headers, body } = errorAnswer(reply, request.id);
    sendText(response, status, headers, JSON.stringify(body));
    return `error ${status}`;
  }
  const broken = 'broken' in reply ? reply.broken : undefined;
  if (broken === 'hang') return 'hang';
  if (broken === 'reset') {
    response.destroy();
    return 'reset';
  }
  const message = messageBody('broken' in reply ? { text: 'Half of an answer.' } : reply, request);
  const whole = request.stream ? messageStream(message) : JSON.stringify(message);
  const headers: Record<string, string> = request.stream ? { 'content-type': 'text/event-stream' } : {};
  const middle = Math.floor(whole.length / 2);
  if (broken === 'cut') sendText(response, 200, headers, whole.slice(0, middle));
  else sendText(response, 200, headers, whole, broken === 'half' ? middle : undefined);
  return broken ?? 'message';
};

/** A Messages API on 127.0.0.1. It refuses the requests that the real one refuses, and plays its script otherwise, streamed where it is asked to. */
export const anthropicServer = async (options: AnthropicOptions = {}): Promise<AnthropicServer> => {
  const {
    reply = [{ text: 'Done.' }],
    key = 'test-key',
    models = defaultModels,
    maxBytes = 32 * 1024 * 1024,
  } = options;
  const requests: WireRequest[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  let accepted = 0;

  const record = (request: WireRequest): number => {
    const position = requests.push(request);
    for (const { count, resolve } of waiting) if (requests.length >= count) resolve();
    return position;
  };

  const play = async (request: { index: number; body: WireBody; raw: string }): Promise<Reply> => {
    if (Array.isArray(reply)) return reply[request.index] ?? scriptIsOver;
    try {
      return await reply(request);
    } catch (error) {
      return { error: 500, message: `the script threw: ${error}` };
    }
  };

  const listening = await listen(async (incoming, response) => {
    const ended = endOf(response);
    const bytes = await readBody(incoming).catch(() => undefined);
    if (bytes === undefined) return;
    const { method = '', url: path = '', headers } = incoming;
    const raw = bytes.toString('utf8');
    const judged = refusal(incoming, bytes, { key, models, maxBytes });
    const request: WireRequest = {
      method,
      path,
      headers,
      raw,
      body: judged.body as WireBody,
      refused: judged.refused,
      answered: 'pending',
      ended,
    };
    const id = `req_${String(record(request)).padStart(24, '0')}`;
    response.setHeader('request-id', id);
    if (judged.refused !== undefined) {
      const { status, type, message } = judged.refused;
      send(response, { error: status, type, message }, { model: '', raw, id, stream: false });
      request.answered = `refused ${status}`;
      return;
    }
    const next = await play({ index: accepted++, body: request.body, raw });
    const stream = Object(request.body).stream === true;
    const word = send(response, next, { model: judged.model, raw, id, stream });
    request.answered = next === scriptIsOver ? 'script is over' : word;
  });
  return {
    url: `${listening.origin}/v1`,
    key,
    requests,
    received: (count) =>
      new Promise((resolve) => {
        if (requests.length >= count) resolve();
        else waiting.push({ count, resolve });
      }),
    close: listening.close,
  };
};
