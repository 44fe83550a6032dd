import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type Http, type HttpResponse, isSafe } from '../../agent/http.ts';
import { ToolError } from '../../agent/tool.ts';
import { holdsSecret, scrubbed, scrubbedBytes } from '../../connection/scrub.ts';
import { orAbort } from '../../or-abort.ts';
import { repeated } from '../repeated.ts';
import type { Credential } from './authorization.ts';
import { readBody } from './body.ts';
import { connected, type Guard, ownGuard, reason } from './dial.ts';
import { firstHop, type Hop, redirected } from './hop.ts';
import { allowedHost } from './host.ts';

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

/**
 * Sends one request, with its credential, over an open connection and closes it. Returns the response, or the next hop of a redirect of the
 * request without its credential.
 */
const exchange = async (
  hop: Hop,
  signed: Hop,
  socket: Socket,
  maxBytes: number,
  signal: AbortSignal,
): Promise<HttpResponse | Hop> => {
  const { late, forget } = afterRead(signal);
  late.addEventListener('abort', () => socket.destroy(), { once: true });
  socket.on('error', () => {});
  try {
    const answer = await orAbort(responseHead(signed, socket), late);
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

/** The credential of the connection that a request's host belongs to. */
const credentialFor = ({ url }: Hop, credentials: Credential[]): Credential | undefined =>
  credentials.find(({ hosts }) => typeof allowedHost(url, hosts) !== 'string');

const withoutSecrets = (answer: HttpResponse, secrets: string[]): HttpResponse => {
  if (secrets.length === 0) return answer;
  const { url, headers, body, cut } = answer;
  const clean = Object.entries(headers).map(([name, value]) => [name, scrubbed(value, secrets)]);
  return {
    ...answer,
    url: scrubbed(url, secrets),
    headers: Object.fromEntries(clean),
    body: scrubbedBytes(body, secrets, cut),
  };
};

/** Throws ToolError `refused` where a server sends the secret of its connection to another place. */
const keepSecrets = (hop: Hop, next: Hop, secrets: string[]): void => {
  if (next.url.origin !== hop.url.origin && holdsSecret(next.url.href, secrets))
    throw new ToolError('refused', `${hop.url.host} redirects to ${next.url.host} with a secret in the URL`);
};

/** Statuses after which a request may have been carried out (RFC 9110, 15.5.9 and 15.6). */
const doubtful = [408, 500, 502, 504];

const isInDoubt = (end: { value: HttpResponse } | { thrown: unknown }): boolean =>
  'value' in end
    ? doubtful.includes(end.value.status)
    : end.thrown instanceof ToolError && end.thrown.kind === 'interrupted';

/**
 * Implements `Http` for the allowed hosts of each request and for those of `credentials`. It follows at most 5 redirects and refuses one from https
 * to http. A request with an `Idempotency-Key` to a connection that honours it is made up to 3 times while it is in doubt. A credential goes to the origin that was asked, and to no place that it redirects to.
 * `maxBytes` counts decoded bytes. A body whose content coding cannot be undone is returned as it was sent, with that header.
 */
export const guardedHttp = (options: Partial<Guard> = {}, credentials: Credential[] = []): Http => {
  const guard: Guard = { ...ownGuard, ...options };
  const owned = credentials.flatMap(({ hosts }) => hosts);
  return async (request) => {
    const { method, maxBytes, signal } = request;
    const allow = [...owned, ...request.allow];
    const first = firstHop(request);
    const credential = credentialFor(first, credentials);
    let redirects = 0;
    const signed = async (hop: Hop, socket: Socket): Promise<Hop> => {
      if (!credential || hop.url.origin !== first.url.origin) return hop;
      try {
        return await orAbort(credential.sign(hop, signal), signal);
      } catch (thrown) {
        socket.destroy();
        if (!signal.aborted || thrown instanceof ToolError) throw thrown;
        throw new ToolError('unreachable', `nothing was sent to ${hop.url.host}: out of time`, { cause: thrown });
      }
    };
    const follow = async (hop: Hop): Promise<HttpResponse> => {
      const socket = await connected(hop, allow, guard, signal);
      const answer = await exchange(hop, await signed(hop, socket), socket, maxBytes, signal);
      const secrets = credential?.secrets() ?? [];
      if ('status' in answer) return withoutSecrets(answer, secrets);
      redirects += 1;
      const next = checkedNext(hop, answer, redirects);
      keepSecrets(hop, next, secrets);
      return follow(next);
    };
    const once = async (): Promise<HttpResponse> => {
      redirects = 0;
      try {
        return await follow(first);
      } catch (thrown) {
        throw redirects > 0 && !isSafe(method) ? afterSending(thrown) : thrown;
      }
    };
    const repeats = credential?.idempotent && Object.hasOwn(first.headers, 'idempotency-key');
    return repeats ? repeated(once, isInDoubt, signal) : once();
  };
};
