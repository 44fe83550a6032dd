import { lookup } from 'node:dns/promises';
import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import { ToolError } from '../../agent/tool.ts';
import { orAbort } from '../../or-abort.ts';
import type { Hop } from './hop.ts';
import { allowedHost, type Host, mayConnect } from './host.ts';

/** All addresses of a host name. Rejects if there is none. */
export type Resolve = (name: string) => Promise<string[]>;

/** A checked address of the host `name`. With `tls`, the server's certificate must be for `name`. */
export type Target = { address: string; port: number; name: string; tls: boolean };

/** Connects to the address, without looking up the name again. Resolves after the TLS handshake, before anything is sent. */
export type Connect = (target: Target, signal: AbortSignal) => Promise<Socket>;

/** How to make connections. A lookup or connection fails after its timeout, in milliseconds. */
export type Guard = { resolve: Resolve; connect: Connect; lookupTimeoutMs: number; connectTimeoutMs: number };

const lookupAll: Resolve = async (name) =>
  (await lookup(name, { all: true, order: 'ipv4first' })).map(({ address }) => address);

const dial: Connect = ({ address, port, name, tls: secure }, signal) => {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const servername = net.isIP(name) ? {} : { servername: name };
  const socket = secure
    ? tls.connect({ host: address, port, ...servername, rejectUnauthorized: true, ALPNProtocols: ['http/1.1'] })
    : net.connect({ host: address, port });
  const stop = () => socket.destroy(new Error('given up', { cause: signal.reason }));
  signal.addEventListener('abort', stop, { once: true });
  socket.once(secure ? 'secureConnect' : 'connect', () => resolve(socket));
  socket.once('error', reject);
  return promise.finally(() => signal.removeEventListener('abort', stop));
};

/** Connections by the process's resolver and network. */
export const ownGuard: Guard = { resolve: lookupAll, connect: dial, lookupTimeoutMs: 5_000, connectTimeoutMs: 5_000 };

/** An error's code or name. Unlike its message, it cannot contain a secret. */
export const reason = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown';
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'out of time';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
};

const within = (signal: AbortSignal, milliseconds: number) =>
  AbortSignal.any([signal, AbortSignal.timeout(milliseconds)]);

/** The longest URL that is sent. Servers are only expected to take 8,000 bytes (RFC 9110, 4.1). */
const maxUrlChars = 8_000;

const checkedHost = (url: URL, allow: string[]): Host => {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ToolError('refused', `${url.protocol} is refused: only http and https are fetched`);
  }
  if (url.username || url.password)
    throw new ToolError('refused', `${url.host}: a URL may not hold a user name or password`);
  if (url.href.length > maxUrlChars) {
    throw new ToolError(
      'refused',
      `${url.host}: the URL has ${url.href.length} characters, at most ${maxUrlChars} are sent`,
    );
  }
  const host = allowedHost(url, allow);
  if (host === 'only over https')
    throw new ToolError('refused', `this job allows ${url.host} over https only: its entry of allow has no http://`);
  if (host === 'not allowed') throw new ToolError('refused', `${url.host} is not among the hosts that this job allows`);
  return host;
};

/** The host's addresses. Refused if a connection to any of them is not allowed. */
const addressesOf = async (host: Host, guard: Guard, signal: AbortSignal): Promise<string[]> => {
  const addresses = host.literal
    ? [host.name]
    : await orAbort(guard.resolve(host.name), within(signal, guard.lookupTimeoutMs)).catch((cause: unknown) => {
        throw new ToolError('unreachable', `${host.name} could not be looked up: ${reason(cause)}`, { cause });
      });
  if (!addresses.every((address) => mayConnect(host, address))) {
    throw new ToolError(
      'refused',
      `${host.name} has a private or reserved address that this job may not reach: its entry of allow has no " private"`,
    );
  }
  return addresses;
};

/**
 * Connects to the first reachable address of the hop's host. Throws ToolError: `refused` if the URL, the host or one of its
 * addresses is not allowed, `unreachable` if there is no address or no connection.
 */
export const connected = async (hop: Hop, allow: string[], guard: Guard, signal: AbortSignal): Promise<Socket> => {
  const host = checkedHost(hop.url, allow);
  let last: unknown;
  for (const address of await addressesOf(host, guard, signal)) {
    const limit = within(signal, guard.connectTimeoutMs);
    if (signal.aborted) break;
    const target = { address, port: host.port, name: host.name, tls: hop.url.protocol === 'https:' };
    try {
      return await orAbort(guard.connect(target, limit), limit);
    } catch (error) {
      last = error;
    }
  }
  const why = reason(signal.aborted ? signal.reason : last);
  throw new ToolError('unreachable', `no connection to ${host.name}: ${why}`, { cause: last });
};
