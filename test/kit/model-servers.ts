import type { ServerResponse } from 'node:http';
import type { Reply } from './wire/anthropic-reply.ts';
import { anthropicServer } from './wire/anthropic-server.ts';
import { type Ended, endOf, listen, readBody } from './wire/listen.ts';
import { chatStream, converseStream } from './wire/streamed.ts';

type MessageReply = Exclude<Reply, { error: unknown } | { broken: unknown }>;

type Received = { path: string; headers: Record<string, unknown>; raw: string; ended: Promise<Ended> };

/** A provider played on loopback: how to name its model, its surroundings, and what it was asked. */
export type ModelServer = {
  id: string;
  env: Record<string, string | undefined>;
  secrets: Record<string, string>;
  requests: Received[];
  received(count: number): Promise<void>;
  close(): Promise<void>;
};
export type StartModelServer = (replies: Reply[]) => Promise<ModelServer>;

type Dialect = {
  type: string;
  body(reply: MessageReply): string | Buffer;
  error(message: string): unknown;
};

const json = { 'content-type': 'application/json' };

const sendBroken = (response: ServerResponse, broken: string, type: string, whole: string | Buffer) => {
  const middle = whole.slice(0, whole.length / 2);
  const headers = { 'content-type': type };
  if (broken === 'reset') response.destroy();
  if (broken === 'cut') response.writeHead(200, headers).end(middle);
  if (broken === 'half') {
    response.writeHead(200, { ...headers, 'content-length': whole.length }).write(middle, () => response.destroy());
  }
};

const send = (response: ServerResponse, reply: Reply, { type, body, error }: Dialect) => {
  if ('broken' in reply) return sendBroken(response, reply.broken, type, body({ text: 'Half an answer.' }));
  if (!('error' in reply)) return response.writeHead(200, { 'content-type': type }).end(body(reply));
  response.writeHead(reply.error, { ...json, ...reply.headers }).end(JSON.stringify(error(reply.message ?? 'refused')));
};

/** Plays replies in a dialect over HTTP, with no judgement of what it is asked. */
const playing = async (dialect: Dialect, replies: Reply[]) => {
  const requests: Received[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const { origin, close } = await listen(async (incoming, response) => {
    const ended = endOf(response);
    const raw = (await readBody(incoming)).toString('utf8');
    const reply = replies[requests.length] ?? { error: 500, message: 'script is over' };
    requests.push({ path: incoming.url ?? '', headers: incoming.headers, raw, ended });
    for (const { count, resolve } of waiting) if (requests.length >= count) resolve();
    send(response, reply, dialect);
  });
  const received = (count: number) =>
    new Promise<void>((resolve) => {
      if (requests.length >= count) resolve();
      else waiting.push({ count, resolve });
    });
  return { origin, requests, received, close };
};

const stop = (reply: MessageReply) => reply.stop ?? (reply.calls?.length ? 'tool_use' : 'end_turn');
const tokens = (reply: MessageReply) => ({ input_tokens: 100, output_tokens: 10, ...reply.usage });

/** Claude at the strict Anthropic server. */
export const anthropicModel: StartModelServer = async (replies) => {
  const { url, key, requests, received, close } = await anthropicServer({ reply: replies, key: 'sk-ant-very-secret' });
  return {
    id: 'anthropic/claude-haiku-4-5',
    env: { ANTHROPIC_BASE_URL: url },
    secrets: { ANTHROPIC_API_KEY: key },
    requests,
    received,
    close,
  };
};

const finishes: Record<string, string> = { tool_use: 'tool_calls', max_tokens: 'length', refusal: 'content_filter' };

/** What an OpenAI-compatible server answers. A call whose input is text sends that text as its arguments. */
export const chatCompletion = (reply: MessageReply) => ({
  id: 'chatcmpl-1',
  choices: [
    {
      message: {
        role: 'assistant',
        content: reply.text ?? null,
        ...(reply.thinking && { reasoning_content: reply.thinking }),
        ...(reply.calls && {
          tool_calls: reply.calls.map(({ name, input, id }, index) => ({
            id: id ?? `call_${index}`,
            type: 'function',
            function: { name, arguments: typeof input === 'string' ? input : JSON.stringify(input) },
          })),
        }),
      },
      finish_reason: finishes[stop(reply)] ?? 'stop',
    },
  ],
  usage: { prompt_tokens: tokens(reply).input_tokens, completion_tokens: tokens(reply).output_tokens },
});

/** A small OpenAI-compatible server. */
export const openaiCompatibleModel: StartModelServer = async (replies) => {
  const dialect = {
    type: 'text/event-stream',
    body: (reply: MessageReply) => chatStream(chatCompletion(reply)),
    error: (message: string) => ({ error: { message } }),
  };
  const { origin, ...server } = await playing(dialect, replies);
  return {
    id: 'openai-compatible/local',
    env: { OPENAI_COMPATIBLE_BASE_URL: `${origin}/v1` },
    secrets: { OPENAI_COMPATIBLE_API_KEY: 'sk-compatible-very-secret' },
    ...server,
  };
};

const converse = (reply: MessageReply) => ({
  output: {
    message: {
      role: 'assistant',
      content: [
        ...(reply.thinking === undefined
          ? []
          : [{ reasoningContent: { reasoningText: { text: reply.thinking, signature: 'sig-of-the-thought' } } }]),
        ...(reply.text === undefined ? [] : [{ text: reply.text }]),
        ...(reply.calls ?? []).map(({ name, input, id }, index) => ({
          toolUse: { toolUseId: id ?? `tooluse_${index}`, name, input },
        })),
      ],
    },
  },
  stopReason: stop(reply) === 'refusal' ? 'content_filtered' : stop(reply),
  usage: {
    inputTokens: tokens(reply).input_tokens,
    outputTokens: tokens(reply).output_tokens,
    totalTokens: tokens(reply).input_tokens + tokens(reply).output_tokens,
  },
});

/** A small Converse server of Bedrock. */
export const bedrockModel: StartModelServer = async (replies) => {
  const dialect = {
    type: 'application/vnd.amazon.eventstream',
    body: (reply: MessageReply) => converseStream(converse(reply)),
    error: (message: string) => ({ message }),
  };
  const { origin, ...server } = await playing(dialect, replies);
  return {
    id: 'bedrock/eu.anthropic.claude-haiku-4-5-20251001-v1:0',
    env: {
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL_BEDROCK_RUNTIME: origin,
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'aws-very-secret-access-key',
      AWS_SESSION_TOKEN: 'aws-very-secret-session-token',
    },
    secrets: {},
    ...server,
  };
};
