import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { connected, type Guard, reason, type Target } from '../../../lib/io/web/dial.ts';
import { firstHop } from '../../../lib/io/web/hop.ts';
import { errorOf, somewherePublic } from '../../kit/guarded-http.ts';

const socket = new PassThrough() as unknown as Socket;
const { signal } = new AbortController();
const hopTo = (url: string) => firstHop({ method: 'GET', url, headers: {}, allow: [], maxBytes: 1, signal });
const never = new Promise<never>(() => {});

/** A guard whose host has these addresses, and whose connections are recorded. */
const guarded = (addresses: string[], more: Partial<Guard> = {}) => {
  const targets: Target[] = [];
  const guard: Guard = {
    resolve: async () => addresses,
    connect: async (target) => {
      targets.push(target);
      return socket;
    },
    ...{ lookupTimeoutMs: 60_000, connectTimeoutMs: 60_000 },
    ...more,
  };
  return { targets, guard };
};
const connect = (guard: Guard, url = 'https://pages.test/', allow = ['pages.test', '*.wild.test'], abort = signal) =>
  connected(hopTo(url), allow, guard, abort);

const reset = Object.assign(new Error('a secret'), { code: 'ECONNRESET' });

describe('a connection', () => {
  it('goes to the checked address, with TLS for the name if the URL is https', async () => {
    const { targets, guard } = guarded([somewherePublic]);
    expect(await connect(guard)).toBe(socket);
    await connect(guard, 'http://pages.test:8080/', ['http://pages.test:8080']);
    expect(targets).toEqual([
      { address: somewherePublic, port: 443, name: 'pages.test', tls: true },
      { address: somewherePublic, port: 8080, name: 'pages.test', tls: false },
    ]);
  });

  it('goes to an address in the URL without a lookup', async () => {
    const { targets, guard } = guarded([], { resolve: () => Promise.reject(new Error('looked up')) });
    await connect(guard, 'http://127.0.0.1/', ['127.0.0.1']);
    expect(targets).toMatchObject([{ address: '127.0.0.1' }]);
  });

  it('tries the addresses in turn, and is unreachable by the last error if none answers', async () => {
    const tried: string[] = [];
    const failing = async ({ address }: Target) => {
      tried.push(address);
      if (address === '1.1.1.1') return socket;
      throw reset;
    };
    const some = guarded(['8.8.8.8', '1.1.1.1', '9.9.9.9'], { connect: failing });
    expect(await connect(some.guard)).toBe(socket);
    expect(tried).toEqual(['8.8.8.8', '1.1.1.1']);
    const error = await errorOf(connect(guarded(['8.8.8.8', '9.9.9.9'], { connect: failing }).guard));
    expect(error).toMatchObject({ kind: 'unreachable', message: 'no connection to pages.test: ECONNRESET' });
  });

  it.each([
    ['ftp://pages.test/', 'another scheme'],
    ['https://user@pages.test/', 'a user name'],
    ['https://:word@pages.test/', 'a password'],
    ['https://other.test/', 'a host that is not allowed'],
  ])('to %s is refused before a lookup: it has %s', async (url) => {
    const { guard } = guarded([], { resolve: () => Promise.reject(new Error('looked up')) });
    expect(await errorOf(connect(guard, url))).toMatchObject({ kind: 'refused' });
  });

  it('is refused if any of the addresses is private and no entry says so', async () => {
    const { targets, guard } = guarded([somewherePublic, '10.0.0.1']);
    expect(await errorOf(connect(guard, 'https://a.wild.test/'))).toMatchObject({ kind: 'refused' });
    expect(targets).toEqual([]);
    expect(await connect(guard, 'https://pages.test/', ['pages.test private'])).toBe(socket);
  });

  it('is unreachable where the name has no address or the lookup fails', async () => {
    expect(await errorOf(connect(guarded([]).guard))).toMatchObject({ kind: 'unreachable' });
    const failing = guarded([], { resolve: () => Promise.reject(reset) });
    const error = await errorOf(connect(failing.guard));
    expect(error).toMatchObject({ kind: 'unreachable', message: 'pages.test could not be looked up: ECONNRESET' });
  });

  it('is unreachable if the lookup or the connection hangs past its limit', async () => {
    const lookup = guarded([], { resolve: () => never, lookupTimeoutMs: 1 });
    expect(await errorOf(connect(lookup.guard))).toMatchObject({
      message: 'pages.test could not be looked up: out of time',
    });
    const dialling = guarded([somewherePublic], { connect: () => never, connectTimeoutMs: 1 });
    expect(await errorOf(connect(dialling.guard))).toMatchObject({
      kind: 'unreachable',
      message: 'no connection to pages.test: out of time',
    });
  });

  it('is not begun after the signal has aborted', async () => {
    const { targets, guard } = guarded([]);
    const url = `https://${somewherePublic}/`;
    const error = await errorOf(connect(guard, url, [somewherePublic], AbortSignal.abort()));
    expect(error).toMatchObject({ kind: 'unreachable', message: expect.stringContaining('out of time') });
    expect(targets).toEqual([]);
  });
});

describe('the reason of an error', () => {
  it('is its code or its name, never its message', () => {
    expect(reason(reset)).toBe('ECONNRESET');
    expect(reason(new TypeError('a secret'))).toBe('TypeError');
    expect(reason(new DOMException('a secret', 'TimeoutError'))).toBe('out of time');
    expect(reason(new DOMException('a secret', 'AbortError'))).toBe('out of time');
    expect(reason('a secret')).toBe('unknown');
  });
});
