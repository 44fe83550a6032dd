import { onTestFinished } from 'vitest';
import { type AnthropicOptions, type AnthropicServer, anthropicServer } from './wire/anthropic-server.ts';
import { type Fields, headers } from './wire/request.ts';

/** A strict model server that is closed when the test is over. */
export const serve = async (options: AnthropicOptions = {}): Promise<AnthropicServer> => {
  const server = await anthropicServer(options);
  onTestFinished(() => server.close());
  return server;
};

/** Posts a body as it is, with these headers beside or in place of good ones. */
export const post = (
  server: AnthropicServer,
  body: string | Uint8Array<ArrayBuffer>,
  changed: Record<string, string> = {},
) => fetch(`${server.url}/messages`, { method: 'POST', headers: { ...headers, ...changed }, body });

/** Posts a request as JSON. */
export const ask = (server: AnthropicServer, body: Fields) => post(server, JSON.stringify(body));
