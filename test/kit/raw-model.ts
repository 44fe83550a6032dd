import type { IncomingMessage, ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import { open } from './open-model.ts';
import { listen, readBody } from './wire/listen.ts';

type Respond = (response: ServerResponse, request: IncomingMessage, body: string) => unknown;
type Id = 'openai-compatible/x' | 'anthropic/claude-haiku-4-5' | 'bedrock/meta.llama3-3-70b-instruct-v1:0';

/** A model whose server answers each request by hand, and what it was asked. The server closes when the test is over. */
export const rawModel = async (id: Id, respond: Respond | Respond[], asked: Parameters<typeof open>[1] = {}) => {
  const bodies: string[] = [];
  const answers = [respond].flat();
  const { origin, close } = await listen(async (incoming, response) => {
    const body = String(await readBody(incoming));
    bodies.push(body);
    await (answers[bodies.length - 1] ?? answers.at(-1))?.(response, incoming, body);
  });
  onTestFinished(close);
  const env = {
    OPENAI_COMPATIBLE_BASE_URL: `${origin}/v1`,
    ANTHROPIC_BASE_URL: origin,
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME: origin,
    AWS_REGION: 'eu-west-1',
  };
  const secrets = { ANTHROPIC_API_KEY: 'sk-ant-very-secret', AWS_BEARER_TOKEN_BEDROCK: 'bearer-very-secret' };
  return { model: await open({ id, env, secrets }, asked), bodies, origin };
};

/** Answers with this JSON, whole. */
export const whole =
  (json: unknown, status = 200, headers: Record<string, string> = {}): Respond =>
  (response) =>
    response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(typeof json === 'string' ? json : JSON.stringify(json));

/** Answers with server-sent events, of which each is JSON or plain data. */
export const events =
  (...list: unknown[]): Respond =>
  (response) =>
    response
      .writeHead(200, { 'content-type': 'text/event-stream' })
      .end(list.map((data) => `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`).join(''));
