import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Http, HttpResponse } from '../../agent/http.ts';
import { ToolError } from '../../agent/tool.ts';
import { orAbort } from '../../or-abort.ts';
import { readBody } from './body.ts';
import { connected, type Guard, ownGuard, reason } from './connection.ts';
import { firstHop, type Hop, redirected } from './hop.ts';

const maxRedirects = 5;

const fault = (code: string): Error => Object.assign(new Error(code), { code });

/** Sends a request over the socket and resolves with the head of the response. */
const responseHead = (hop: Hop, socket: Socket): Promise<IncomingMessage> => {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const length = hop.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(hop.body)) };
  const own = { host: hop.url.host, connection: 'close', 'accept-encoding': 'gzip, br', ...length };
  const request = httpRequest({
    createConnection: () => socket,
    method: hop.method,
    path: `${hop.url.pathname}${hop.url.search}`,
    headers: { ...hop.headers, ...own },
    setHost: false,
  });
  request.once('response', resolve);
  request.on('error', reject);
  request.once('close', () => reject(fault('closed without a response')));
  request.end(hop.body);
  return promise;
};

/** The response's headers, without those that do not apply to the body as it was read. */
const readHeaders = ({ headers }: IncomingMessage, isCoded: boolean): Record<string, string> => {
  const { 'content-encoding': coding, 'content-length': _, ...others } = headers;
  const rest = isCoded ? { ...others, 'content-encoding': coding } : others;
  return Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, [value ?? []].flat().join(', ')]));
};

/**
 * Aborts one turn of the event loop after `signal`. A timer fires before sockets are read: an answer that came while the process was busy would
 * lose against a deadline that passed meanwhile.
 */
const afterRead = (signal: AbortSignal): { late: AbortSignal; forget(): void } => {
  const controller = new AbortController();
  const stop = () => setImmediate(() => controller.abort(signal.reason));
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  return { late: controller.signal, forget: () => signal.removeEventListener('abort', stop) };
};

/** Sends one request over an open connection and closes it. Returns the response, or the next hop of a redirect. */
const exchange = async (
  hop: Hop,
  socket: Socket,
  maxBytes: number,
  signal: AbortSignal,
): Promise<HttpResponse | Hop> => {
  const { late, forget } = afterRead(signal);
  late.addEventListener('abort', () => socket.destroy(), { once: true });
  socket.on('error', () => {});
  try {
    const answer = await orAbort(responseHead(hop, socket), late);
    const status = answer.statusCode ?? 0;
    const next = redirected(hop, status, answer.headers.location);
    if (next) return next;
    const { body, cut, isCoded } = await orAbort(readBody(answer, maxBytes), late);
    return { status, url: hop.url.href, headers: readHeaders(answer, isCoded), body, cut };
  } catch (cause) {
    throw new ToolError(
      'interrupted',
      `${hop.url.host} received the request, but sent no complete response: ${reason(cause)}`,
      {
        cause,
      },
    );
  } finally {
    forget();
    socket.destroy();
  }
};

/** Any failure after a redirected POST is `interrupted`: the first server may have carried it out. */
const afterSending = (thrown: unknown): unknown =>
  thrown instanceof ToolError
    ? new ToolError('interrupted', `the request was sent and then redirected: ${thrown.message}`, { cause: thrown })
    : thrown;

const checkedNext = (hop: Hop, next: Hop, redirects: number): Hop => {
  if (redirects > maxRedirects)
    throw new ToolError('refused', `${hop.url.host} redirects more than ${maxRedirects} times`);
  if (hop.url.protocol === 'https:' && next.url.protocol === 'http:') {
    throw new ToolError('refused', `${hop.url.host} redirects from https to http`);
  }
  return next;
};

/**
 * Implements `Http`. It follows at most 5 redirects and refuses one from https to http.
 * `maxBytes` counts decoded bytes. A body whose content coding cannot be undone is returned as it was sent, with that header.
 */
export const guardedHttp = (options: Partial<Guard> = {}): Http => {
  const guard: Guard = { ...ownGuard, ...options };
  return async (request) => {
    const { method, allow, maxBytes, signal } = request;
    let redirects = 0;
    const follow = async (hop: Hop): Promise<HttpResponse> => {
      const answer = await exchange(hop, await connected(hop, allow, guard, signal), maxBytes, signal);
      if ('status' in answer) return answer;
      redirects += 1;
      return follow(checkedNext(hop, answer, redirects));
    };
    try {
      return await follow(firstHop(request));
    } catch (thrown) {
      throw redirects > 0 && method === 'POST' ? afterSending(thrown) : thrown;
    }
  };
};
