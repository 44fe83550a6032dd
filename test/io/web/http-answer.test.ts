import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { brotliCompressSync, constants, createGzip, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guardedHttp } from '../../../lib/io/web/http.ts';
import { ask, bodyOf, errorOf, kindOf, recordedHttp, somewherePublic } from '../../kit/guarded-http.ts';
import { type PagesServer, pagesServer } from '../../kit/wire/pages.ts';

const zeros = Buffer.alloc(1024 * 1024);
let site: PagesServer;
/** The action of the hanging page when it gets its request. */
let whenAsked = () => {};

beforeAll(async () => {
  site = await pagesServer({
    '/brotli': (response) =>
      response.writeHead(200, { 'content-encoding': 'br' }).end(brotliCompressSync('It was pressed.')),
    '/half-of-gzip': (response) =>
      response
        .writeHead(200, { 'content-encoding': 'gzip', 'content-length': 1000 })
        .write(gzipSync('It was zipped.'), () => response.destroy()),
    '/nothing': (response) => response.writeHead(204, { 'content-encoding': 'gzip' }).end(),
    '/switch': (response) => response.writeHead(101, { upgrade: 'other', connection: 'upgrade' }).end(),
    '/head': (response) => response.writeHead(200, { 'x-long': 'x'.repeat(40_000) }).end(),
    '/endless-gzip': (response) => {
      const gzip = createGzip({ level: constants.Z_BEST_SPEED });
      const more = () => gzip.write(zeros, () => response.destroyed || more());
      gzip.pipe(response.writeHead(200, { 'content-encoding': 'gzip' }));
      more();
    },
    '/away': (response) => response.writeHead(302, { location: '/text' }).write('an endless goodbye'),
    '/asked': () => whenAsked(),
    '/begun': (response) => response.writeHead(200).write('the first of it', () => whenAsked()),
  });
});
afterAll(() => site.close());

const recorded = (names: Record<string, string[]> = {}) => recordedHttp(() => site.port, names);
const here = (path: string, more = {}) => ask(guardedHttp(), `${site.url}${path}`, [site.host], more);
const lastRequest = () => site.requests.at(-1);

describe('a fetch', () => {
  it('sends its own user agent and the given headers', async () => {
    const { headers } = JSON.parse(await bodyOf(here('/echo', { headers: { Accept: 'application/json' } })));
    expect(headers).toMatchObject({ 'user-agent': 'nightshift', accept: 'application/json', host: site.host });
  });

  it('sends the host without its trailing dot', async () => {
    const { http } = recorded({ 'pages.test': [somewherePublic] });
    const echo = JSON.parse(await bodyOf(ask(http, 'http://pages.test./echo', ['pages.test'])));
    expect(echo.headers.host).toBe('pages.test');
  });
});

describe('a fetch that is redirected', () => {
  const at = (to: string, status = 302) => `/redirect?status=${status}&to=${encodeURIComponent(to)}`;
  const post = {
    method: 'POST' as const,
    body: 'a report',
    headers: { 'content-type': 'text/plain', 'idempotency-key': 'k1' },
  };

  it('follows five redirects, reports the final URL, and refuses the sixth', async () => {
    expect(await here('/chain?left=4')).toMatchObject({ status: 200, url: `${site.url}/text` });
    const before = site.requests.length;
    expect(await kindOf(here('/chain?left=5'))).toBe('refused');
    expect(site.requests.length - before).toBe(6);
  });

  it('closes the connection to a server that redirects and keeps sending', async () => {
    const before = site.requests.length;
    expect(await bodyOf(here('/away'))).toContain('harbour log');
    expect(await site.requests[before]?.ended).toBe('dropped');
  });

  it('checks every redirect: another host, a private address, another scheme, a password', async () => {
    const { http, targets } = recorded({ 'pages.test': [somewherePublic], 'a.pages.test': ['10.0.0.1'] });
    for (const to of [
      'http://other.test/',
      'http://a.pages.test/',
      'http://169.254.169.254/',
      'file:///etc/passwd',
      'http://me:pw@pages.test/',
      '//other.test/',
    ]) {
      expect([to, await kindOf(ask(http, `http://pages.test${at(to)}`, ['pages.test', '*.pages.test']))]).toEqual([
        to,
        'refused',
      ]);
    }
    expect(new Set(targets.map((target) => target.address))).toEqual(new Set([somewherePublic]));
  });

  it('does not follow a redirect from https to http', async () => {
    const { http, targets } = recorded({ 'pages.test': [somewherePublic] });
    const error = await errorOf(ask(http, `https://pages.test${at('http://pages.test/text')}`, ['pages.test']));
    expect([error.kind, targets.length]).toEqual(['refused', 1]);
  });

  it.each([301, 302, 303])('follows a redirect of a POST with a GET without its body after %i', async (status) => {
    const echo = JSON.parse(await bodyOf(here(at('/echo', status), post)));
    expect(echo).toMatchObject({ method: 'GET', body: '' });
    expect(echo.headers).not.toHaveProperty('content-type');
    expect(echo.headers).not.toHaveProperty('content-length');
  });

  it.each([307, 308])('repeats a POST with its body and its key after %i', async (status) => {
    const echo = JSON.parse(await bodyOf(here(at('/echo', status), post)));
    expect(echo).toMatchObject({
      method: 'POST',
      body: 'a report',
      headers: { 'content-type': 'text/plain', 'idempotency-key': 'k1' },
    });
  });

  it('sends no key, cookie or authorization to another origin', async () => {
    const { http } = recorded({ 'pages.test': [somewherePublic], 'other.test': [somewherePublic] });
    const headers = {
      authorization: 'a',
      cookie: 'b',
      'idempotency-key': 'c',
      'x-api-key': 'd',
      'content-type': 'text/plain',
      accept: 'text/plain',
    };
    const url = `http://pages.test${at('http://other.test/echo', 307)}`;
    const echo = JSON.parse(await bodyOf(ask(http, url, ['pages.test', 'other.test'], { ...post, headers })));
    expect(Object.keys(echo.headers).sort()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'content-length',
      'content-type',
      'host',
      'user-agent',
    ]);
    expect(echo.headers.host).toBe('other.test');
  });

  it('returns a redirect that it cannot follow as the answer', async () => {
    expect((await here(at('http://[not/a/url'))).status).toBe(302);
    expect((await here(at('/text', 304))).status).toBe(304);
  });

  it('is interrupted, not refused, when only the redirect of a POST was refused or unreachable', async () => {
    expect(await kindOf(here(at('http://other.test/', 303), post))).toBe('interrupted');
    expect(await kindOf(here('/loop', post))).toBe('interrupted');
  });
});

describe('a fetch with a byte limit', () => {
  it('keeps a body that exactly fits whole', async () => {
    const whole = await here('/text');
    expect(await here('/text', { maxBytes: whole.body.length })).toMatchObject({ cut: false, body: whole.body });
    expect(await here('/text', { maxBytes: whole.body.length - 1 })).toMatchObject({
      cut: true,
      body: whole.body.subarray(0, -1),
    });
  });

  it.each(['/big', '/drip', '/endless-gzip'])('stops reading %s at the cap and closes the connection', async (path) => {
    const answer = await here(path, { maxBytes: 12 });
    expect([answer.cut, answer.body.length]).toEqual([true, 12]);
    expect(await lastRequest()?.ended).toBe('dropped');
  });

  it('counts the bytes of a decompression bomb after decoding, not before', async () => {
    const answer = await here('/bomb', { maxBytes: 50_000 });
    expect([answer.cut, answer.body.length]).toEqual([true, 50_000]);
  });

  it('decodes gzip and br, and drops the length and encoding of the encoded body', async () => {
    expect(await bodyOf(here('/brotli'))).toBe('It was pressed.');
    const answer = await here('/gzip');
    expect(Buffer.from(answer.body).toString()).toBe('It was zipped.\n');
    expect(answer.headers).toEqual(expect.not.objectContaining({ 'content-encoding': expect.anything() }));
    expect(answer.headers).not.toHaveProperty('content-length');
    expect(await here('/nothing')).toMatchObject({ status: 204, cut: false });
  });
});

describe('a fetch that fails', () => {
  const closedPort = async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return port;
  };

  it('is unreachable where the name has no address or no server listens', async () => {
    const gone = guardedHttp({ resolve: () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' })) });
    expect(await errorOf(ask(gone, 'http://gone.test/', ['gone.test']))).toMatchObject({
      kind: 'unreachable',
      message: 'gone.test could not be looked up: ENOTFOUND',
    });
    expect(await kindOf(ask(recorded().http, 'http://gone.test/', ['gone.test']))).toBe('unreachable');
    const host = `127.0.0.1:${await closedPort()}`;
    expect(await errorOf(ask(guardedHttp(), `http://${host}/`, [host]))).toMatchObject({
      kind: 'unreachable',
      message: 'no connection to 127.0.0.1: ECONNREFUSED',
    });
  });

  it('is unreachable when a lookup or a connection takes too long', async () => {
    const slow = () => new Promise<never>(() => {});
    const slowLookup = guardedHttp({ resolve: slow, lookupTimeoutMs: 5 });
    const slowConnect = guardedHttp({ resolve: async () => [somewherePublic], connect: slow, connectTimeoutMs: 5 });
    expect(await kindOf(ask(slowLookup, 'http://pages.test/', ['pages.test']))).toBe('unreachable');
    expect(await kindOf(ask(slowConnect, 'http://pages.test/', ['pages.test']))).toBe('unreachable');
  });

  it.each(['/reset-before', '/reset-after', '/half', '/half-of-gzip', '/head', '/switch'])(
    'is interrupted where %s gives no whole answer, for a GET and a POST',
    async (path) => {
      expect(await kindOf(here(path))).toBe('interrupted');
      expect(await kindOf(here(path, { method: 'POST', body: 'a report' }))).toBe('interrupted');
    },
  );

  it.each(['/asked', '/begun'])('closes the connection to %s at its deadline, and is interrupted', async (path) => {
    const time = new AbortController();
    whenAsked = () => time.abort();
    expect(await kindOf(here(path, { signal: time.signal }))).toBe('interrupted');
    expect(await lastRequest()?.ended).toBe('dropped');
  });

  it('is unreachable when its deadline passes before anything was sent', async () => {
    const before = site.requests.length;
    expect(await kindOf(here('/text', { signal: AbortSignal.abort() }))).toBe('unreachable');
    const time = new AbortController();
    const slow = (): Promise<never> => {
      time.abort();
      return new Promise(() => {});
    };
    const late = guardedHttp({ resolve: slow });
    expect(await kindOf(ask(late, 'http://pages.test/', ['pages.test'], { signal: time.signal }))).toBe('unreachable');
    expect(site.requests.length).toBe(before);
  });

  it('returns a status of 400 or more as an answer', async () => {
    expect(await here('/503')).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
  });
});
