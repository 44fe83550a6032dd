import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import type { Http, HttpResponse } from '../../agent/http.ts';
import { ToolError } from '../../agent/tool.ts';
import { orAbort } from '../../or-abort.ts';
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

const isEmpty = ({ statusCode, headers }: IncomingMessage): boolean =>
  statusCode === 204 || statusCode === 304 || headers['content-length'] === '0';

const decoded = (answer: IncomingMessage): Readable => {
  const encoding = answer.headers['content-encoding']?.trim().toLowerCase() || 'identity';
  if (encoding === 'identity' || isEmpty(answer)) return answer;
  if (encoding === 'gzip') return pipeline(answer, createGunzip(), () => {});
  if (encoding === 'br') return pipeline(answer, createBrotliDecompress(), () => {});
  throw fault('an encoding that was not requested');
};

/** Reads a body to its end or to `maxBytes` decoded bytes. */
const readUpTo = async (body: Readable, maxBytes: number): Promise<Pick<HttpResponse, 'body' | 'cut'>> => {
  const chunks: Buffer[] = [];
  let room = maxBytes;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk.subarray(0, room));
    if (chunk.length > room) return { body: Buffer.concat(chunks), cut: true };
    room -= chunk.length;
  }
  return { body: Buffer.concat(chunks), cut: false };
};

/** The response's headers, without those that do not apply to the decoded body. */
const decodedHeaders = ({ headers }: IncomingMessage): Record<string, string> => {
  const { 'content-encoding': _, 'content-length': __, ...rest } = headers;
  return Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, [value ?? []].flat().join(', ')]));
};

/** Sends one request over an open connection and closes it. Returns the response, or the next hop of a redirect. */
const exchange = async (
  hop: Hop,
  socket: Socket,
  maxBytes: number,
  signal: AbortSignal,
): Promise<HttpResponse | Hop> => {
  const stop = () => socket.destroy();
  socket.on('error', () => {});
  signal.addEventListener('abort', stop, { once: true });
  try {
    const answer = await orAbort(responseHead(hop, socket), signal);
    const status = answer.statusCode ?? 0;
    const next = redirected(hop, status, answer.headers.location);
    if (next) return next;
    const body = await orAbort(readUpTo(decoded(answer), maxBytes), signal);
    return { status, url: hop.url.href, headers: decodedHeaders(answer), ...body };
  } catch (cause) {
    throw new ToolError(
      'interrupted',
      `${hop.url.host} received the request, but sent no complete response: ${reason(cause)}`,
      {
        cause,
      },
    );
  } finally {
    signal.removeEventListener('abort', stop);
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
 * Bodies may be gzip or br; `maxBytes` counts decoded bytes.
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
