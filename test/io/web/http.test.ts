import { createServer, type Server } from 'node:https';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Target } from '../../../lib/io/web/dial.ts';
import { guardedHttp } from '../../../lib/io/web/http.ts';
import { cert, key } from '../../kit/certificate.ts';
import { errorOf, ask as get, kindOf, recordedHttp, somewherePublic } from '../../kit/guarded-http.ts';
import { type PagesServer, pagesServer } from '../../kit/wire/pages.ts';

let site: PagesServer;
beforeAll(async () => {
  site = await pagesServer();
});
afterAll(() => site.close());
const recorded = (names: Record<string, string[]> = {}) => recordedHttp(() => site.port, names);

describe('the fetch guard', () => {
  const covers = async (url: string, allow: string[]) => {
    const { http, targets } = recorded({
      'pages.test': [somewherePublic],
      'a.b.pages.test': [somewherePublic],
      'xn--hfen-loa.test': [somewherePublic],
    });
    await get(http, url, allow).catch(() => {});
    return targets.length === 1;
  };

  it.each([
    ['http://pages.test/text', 'pages.test'],
    ['http://PAGES.test./text', 'Pages.Test'],
    ['http://pages.test/text', 'pages.test.'],
    ['http://pages.test:8080/text', 'pages.test:8080'],
    ['http://pages.test/text', 'pages.test:80'],
    ['http://a.b.pages.test/text', '*.pages.test'],
    ['http://häfen.test/text', 'xn--hfen-loa.test'],
    ['http://xn--hfen-loa.test/text', 'häfen.test'],
  ])('reaches %s where the job allows %s', async (url, entry) => {
    expect(await covers(url, [entry])).toBe(true);
  });

  it.each([
    ['http://pages.test/text', '*.pages.test'],
    ['http://pages.test:8080/text', 'pages.test'],
    ['http://pages.test:8080/text', 'pages.test:8081'],
    ['http://pages.test:443/text', 'pages.test'],
    ['http://a.b.pages.test/text', 'pages.test'],
    ['http://a.b.pages.test/text', 'b.pages.test'],
    ['http://evilpages.test/text', '*.pages.test'],
    ['http://pages.test/text', '*'],
    ['http://pages.test/text', '*.'],
    ['http://pages.test/text', 'pages.test/path'],
    ['http://pages.test/text', ''],
    ['http://pages.test@93.184.215.14/text', 'pages.test'],
    ['http://93.184.215.14/text', '*.184.215.14'],
    ['ftp://pages.test/text', 'pages.test'],
    ['file:///etc/passwd', 'pages.test'],
  ])('does not reach %s where the job allows "%s"', async (url, entry) => {
    expect(await covers(url, [entry])).toBe(false);
  });

  it('reaches a host over http only where its entry asks for it', async () => {
    const { http, targets } = recorded({ 'pages.test': [somewherePublic] });
    const request = { method: 'GET' as const, headers: {}, maxBytes: 1_000, signal: new AbortController().signal };
    const plain = await errorOf(
      http({ ...request, url: 'http://pages.test/text', allow: ['pages.test', 'pages.test:80'] }),
    );
    expect([plain.kind, plain.message]).toEqual(['refused', expect.stringContaining('over https only')]);
    expect(targets).toEqual([]);
    expect((await http({ ...request, url: 'http://pages.test/text', allow: ['http://pages.test'] })).status).toBe(200);
  });

  it('refuses a URL or headers that are too long', async () => {
    const { http, targets } = recorded({ 'pages.test': [somewherePublic] });
    const long = 'a'.repeat(8_000);
    const url = await errorOf(get(http, `http://pages.test/${long}`, ['pages.test']));
    expect([url.kind, url.message]).toEqual([
      'refused',
      'pages.test: the URL has 8018 characters, at most 8000 are sent',
    ]);
    const header = await errorOf(get(http, 'http://pages.test/', ['pages.test'], { headers: { accept: long } }));
    expect([header.kind, header.message]).toEqual([
      'refused',
      'the headers have 8006 characters, at most 8000 are sent',
    ]);
    const headers = Object.fromEntries(Array.from({ length: 800 }, (_, n) => [`x-${n}`, 'abcdef']));
    expect(await kindOf(get(http, 'http://pages.test/', ['pages.test'], { headers }))).toBe('refused');
    expect(targets).toEqual([]);
  });

  it('refuses a user name or password in the URL, also for an allowed host', async () => {
    const { http, targets } = recorded({ 'pages.test': [somewherePublic] });
    expect(await kindOf(get(http, 'http://me:secret@pages.test/', ['pages.test']))).toBe('refused');
    expect(await kindOf(get(http, 'http://me@pages.test/', ['pages.test']))).toBe('refused');
    expect(targets).toEqual([]);
  });

  it('names the host and the reason in a refusal, never the query, the headers or the body', async () => {
    const { http } = recorded({ 'pages.test': ['10.0.0.1'] });
    const error = await errorOf(
      get(http, 'http://www.pages.test/?key=secret', ['pages.test'], { headers: { authorization: 'secret' } }),
    );
    expect(error.message).toContain('www.pages.test');
    expect(error.message).not.toContain('secret');
  });
});

describe('the fetch guard with special addresses', () => {
  const special = [
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '169.254.170.2',
    '100.64.0.1',
    '0.0.0.0',
    '192.0.2.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    'fe80::1',
    'fec0::1',
    'fd00:ec2::254',
    'fc00::1',
    'ff02::1',
    '2001:db8::1',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '::127.0.0.1',
    '64:ff9b::10.0.0.1',
    '64:ff9b:1::8.8.8.8',
    '2002:7f00:1::',
    '2001:0:7f00:1::1',
    '100::1',
    'not an address',
  ];

  it.each(special)('refuses a name that matches a wildcard and resolves to %s', async (address) => {
    const { http, targets } = recorded({ 'a.pages.test': [address] });
    expect(await kindOf(get(http, 'http://a.pages.test/', ['*.pages.test']))).toBe('refused');
    expect(targets).toEqual([]);
  });

  it.each(['2606:4700::6810:84e5', '::ffff:8.8.8.8', '64:ff9b::8.8.8.8'])('connects to %s', async (address) => {
    const { http, targets } = recorded({ 'a.pages.test': [address] });
    await get(http, 'http://a.pages.test/text', ['*.pages.test']);
    expect(targets).toEqual([{ address, port: 80, name: 'a.pages.test', tls: false }]);
  });

  it('refuses a name as soon as one of its addresses is private', async () => {
    const { http, targets } = recorded({ 'a.pages.test': [somewherePublic, '10.0.0.1'] });
    expect(await kindOf(get(http, 'http://a.pages.test/', ['*.pages.test']))).toBe('refused');
    expect(targets).toEqual([]);
  });

  it.each(['127.0.0.1', '10.0.0.1', 'fd12::1', '::1'])(
    'connects to %s where the job says that the host is private',
    async (address) => {
      const { http, targets } = recorded({ 'intern.pages.test': [address] });
      await get(http, 'http://intern.pages.test/text', ['intern.pages.test private']);
      expect(targets.map((target) => target.address)).toEqual([address]);
    },
  );

  it.each(['169.254.169.254', 'fd00:ec2::254', '0.0.0.0', '224.0.0.1'])(
    'never connects to %s, even where the job says that the host is private',
    async (address) => {
      const { http, targets } = recorded({ 'pages.test': [address] });
      expect(await kindOf(get(http, 'http://pages.test/', ['pages.test private']))).toBe('refused');
      expect(targets).toEqual([]);
    },
  );

  it.each(['127.0.0.1', '10.0.0.1', '::1'])(
    'does not connect to %s for a host that does not say so',
    async (address) => {
      const { http, targets } = recorded({ 'news.pages.test': [address] });
      expect(await kindOf(get(http, 'https://news.pages.test/', ['news.pages.test']))).toBe('refused');
      expect(targets).toEqual([]);
    },
  );

  it.each([
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://127.0.0.1./',
    'http://[::ffff:127.0.0.1]/',
  ])('treats %s as an address, which no pattern and no other name opens', async (url) => {
    const { http, lookups, targets } = recorded();
    expect(await kindOf(get(http, url, ['*.0.0.1', '*.1', 'localhost', '127.0.0.2']))).toBe('refused');
    expect([lookups, targets]).toEqual([[], []]);
  });

  it.each([
    ['http://2130706433/text', '127.0.0.1', '127.0.0.1'],
    ['http://[::1]/text', '[::1]', '::1'],
    ['http://[0:0:0:0:0:0:0:1]:8080/text', '[::1]:8080', '::1'],
  ])('connects to %s without a lookup where the job allows that exact address', async (url, entry, address) => {
    const { http, lookups, targets } = recorded();
    await get(http, url, [entry]);
    expect(targets.map((target) => target.address)).toEqual([address]);
    expect(lookups).toEqual([]);
  });

  it('looks a name up once and connects to the checked address, even if the name changes meanwhile', async () => {
    const answers = [[somewherePublic], ['127.0.0.1']];
    const targets: Target[] = [];
    const http = guardedHttp({
      resolve: async () => answers.shift() ?? [],
      connect: async (target) => {
        targets.push(target);
        return net.connect(site.port, '127.0.0.1');
      },
    });
    await get(http, 'http://rebind.pages.test/text', ['*.pages.test']);
    expect(targets.map((target) => target.address)).toEqual([somewherePublic]);
    expect(answers).toEqual([['127.0.0.1']]);
  });

  it('never connects to the address of the cloud’s credentials, even where the job allows that address', async () => {
    const { http, targets } = recorded();
    expect(await kindOf(get(http, 'http://169.254.169.254/text', ['169.254.169.254']))).toBe('refused');
    expect(targets).toEqual([]);
  });

  it('tries the next address when the first refuses the connection', async () => {
    const tried: string[] = [];
    const http = guardedHttp({
      resolve: async () => ['8.8.8.8', '2606:4700::1', '8.8.4.4'],
      connectTimeoutMs: 10,
      connect: async ({ address }) => {
        tried.push(address);
        if (address === '8.8.8.8') return Promise.reject(new Error('closed'));
        return address === '2606:4700::1' ? new Promise(() => {}) : net.connect(site.port, '127.0.0.1');
      },
    });
    expect((await get(http, 'http://pages.test/text', ['pages.test'])).status).toBe(200);
    expect(tried).toEqual(['8.8.8.8', '2606:4700::1', '8.8.4.4']);
  });
});

describe('a fetch over TLS', () => {
  let secure: Server;
  const served: (string | undefined)[] = [];
  beforeAll(async () => {
    tls.setDefaultCACertificates([cert]);
    secure = createServer({ cert, key }, (request, response) => {
      served.push(request.headers.host);
      response.end('over TLS');
    });
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise((resolve) => secure.close(resolve)));
  const toLoopback = guardedHttp({ resolve: async () => ['127.0.0.1'] });
  const allowed = (name: string, port: number) => `${name}:${port} private`;

  it('connects to the checked address and verifies the certificate for the name', async () => {
    const { port } = secure.address() as AddressInfo;
    const answer = await get(toLoopback, `https://pages.test:${port}/`, [allowed('pages.test', port)]);
    expect(Buffer.from(answer.body).toString()).toBe('over TLS');
    expect(served).toEqual([`pages.test:${port}`]);
  });

  it('is unreachable, with nothing sent, where the certificate is for another name or the server has no TLS', async () => {
    const { port } = secure.address() as AddressInfo;
    const allow = [allowed('other.test', port), allowed('pages.test', site.port)];
    const error = await errorOf(get(toLoopback, `https://other.test:${port}/`, allow));
    expect([error.kind, error.message]).toEqual([
      'unreachable',
      expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID'),
    ]);
    expect(await kindOf(get(toLoopback, `https://pages.test:${site.port}/`, allow))).toBe('unreachable');
    expect(served).not.toContain(`other.test:${port}`);
  });
});
