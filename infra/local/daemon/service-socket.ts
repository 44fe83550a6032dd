import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { Agent, type IncomingMessage, request, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { isOwn, isPrivate } from './data-directory.ts';

/** The path on which a service listens. `close` removes what was made for it. */
export type ServiceSocket = { path: string; close(): void };

const bind = async (server: Server, path: string): Promise<void> => {
  const listening = once(server, 'listening');
  server.listen(path);
  await listening;
  chmodSync(path, 0o600);
};

/**
 * Listens on a Unix socket that only this user can reach: in the data directory or, where its path is too long or its disk takes no socket, in a
 * private directory among the temporary files. The kernel keeps other users out, and off the path. Nothing listens on a port.
 */
export const listenPrivately = async (server: Server, dir: string): Promise<ServiceSocket> => {
  const path = join(dir, 'service.sock');
  rmSync(path, { force: true });
  try {
    await bind(server, path);
    return { path, close: () => rmSync(path, { force: true }) };
  } catch {
    const own = mkdtempSync(join(tmpdir(), 'nightshift-'));
    await bind(server, join(own, 'service.sock'));
    return { path: join(own, 'service.sock'), close: () => rmSync(own, { recursive: true, force: true }) };
  }
};

/** Whether a socket can only be a service of this user: no other user could have made it, or put it there. */
export const isOwnSocket = (path: string): boolean => isOwn(path) && isPrivate(dirname(path));

/** The settings with which AWS SDK clients send every request through a socket. The endpoint's host is never looked up. */
export const socketClient = (socketPath: string) => {
  const options = { keepAlive: true, socketPath };
  return { endpoint: socketEndpoint, httpAgent: new Agent(options) };
};

/** A host that cannot exist: a client that ignores the socket reaches nobody. */
export const socketEndpoint = 'http://nightshift.invalid';

export type SocketReply = { status: number; headers: IncomingMessage['headers']; body: string };

/** Sends one request through a socket and resolves with the response, whose body is still to be read. */
export const openRequest = (
  socketPath: string,
  {
    body,
    signal,
    ...options
  }: { method?: string; path: string; headers?: Record<string, string>; body?: string; signal?: AbortSignal },
): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    request({ ...options, socketPath, agent: false, ...(signal && { signal }) })
      .on('error', reject)
      .on('response', resolve)
      .end(body);
  });

/** Sends one request through a socket and reads the whole reply. */
export const ask = async (...[socketPath, options]: Parameters<typeof openRequest>): Promise<SocketReply> => {
  const response = await openRequest(socketPath, options);
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
};
