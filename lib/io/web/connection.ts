import { lookup } from 'node:dns/promises';
import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import { ToolError } from '../../agent/tool.ts';
import { orAbort } from '../../or-abort.ts';
import type { Hop } from './hop.ts';
import { allowedHost, type Host, mayConnect } from './host.ts';

/** Every address of a name. Rejects if it has none. */
export type Resolve = (name: string) => Promise<string[]>;

/** An address that was checked, and the name it stands for. `tls`: the other side must prove to be `name`. */
export type Target = { address: string; port: number; name: string; tls: boolean };

/** Resolves when the connection and its TLS stand and nothing of the request was sent. Connects to the address, never looks up the name. */
export type Connect = (target: Target, signal: AbortSignal) => Promise<Socket>;

/** How connections are made. A lookup or one connection that takes longer than its time has failed. */
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

/** Connections by the process's own resolver and network. */
export const ownGuard: Guard = { resolve: lookupAll, connect: dial, lookupTimeoutMs: 5_000, connectTimeoutMs: 5_000 };

/** A failure's code, or its name: safe to tell, where a message could hold anything. */
export const reason = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown';
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'out of time';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
};

const within = (signal: AbortSignal, milliseconds: number) =>
  AbortSignal.any([signal, AbortSignal.timeout(milliseconds)]);

const checkedHost = (url: URL, allow: string[]): Host => {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ToolError('refused', `${url.protocol} is refused: only http and https are fetched`);
  }
  if (url.username || url.password)
    throw new ToolError('refused', `${url.host}: a URL may not hold a user name or password`);
  const host = allowedHost(url, allow);
  if (!host) throw new ToolError('refused', `${url.host} is not among the hosts this job allows`);
  return host;
};

/** The host's addresses, every one of them checked: one bad address condemns the name. */
const addressesOf = async (host: Host, guard: Guard, signal: AbortSignal): Promise<string[]> => {
  const addresses = host.literal
    ? [host.name]
    : await orAbort(guard.resolve(host.name), within(signal, guard.lookupTimeoutMs)).catch((cause: unknown) => {
        throw new ToolError('unreachable', `${host.name} could not be looked up: ${reason(cause)}`, { cause });
      });
  if (!addresses.every((address) => mayConnect(host, address))) {
    throw new ToolError('refused', `${host.name} has a private or reserved address that this job may not reach`);
  }
  return addresses;
};

/**
 * A connection for this hop to the first of its host's addresses that takes one. Throws ToolError: `refused` if the URL, its
 * host or any of the addresses is not allowed, `unreachable` if the name has no address or none takes the connection.
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
