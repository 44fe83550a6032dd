import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PagesServer, pagesServer } from './pages.ts';

describe('the pages server', () => {
  let site: PagesServer;
  beforeAll(async () => {
    site = await pagesServer({ '/more': (response) => response.end('more') });
  });
  afterAll(() => site.close());
  const get = (path: string, init: RequestInit = {}) => fetch(site.url + path, init);
  const bytes = async (path: string) => new Uint8Array(await (await get(path)).arrayBuffer());

  it.each([
    ['/', 200, 'text/html; charset=utf-8', '<h1>Harbour news</h1>'],
    ['/text', 200, 'text/plain; charset=utf-8', 'två färjor, 1 boat ⛴'],
    ['/json', 200, 'application/json', '{"ferries":2,"wind":"west"}'],
    ['/gzip', 200, 'text/plain', 'It was zipped.'],
    ['/surrogate', 200, 'application/json', '"\\ud83d and no more"'],
    ['/404', 404, 'text/plain', 'No such page.'],
    ['/nowhere', 404, 'text/plain', 'No such page.'],
    ['/500', 500, 'text/html', 'Broken'],
    ['/more', 200, null, 'more'],
  ])('serves %s', async (path, status, type, words) => {
    const response = await get(path);
    expect([response.status, response.headers.get('content-type')]).toEqual([status, type]);
    expect(await response.text()).toContain(words);
  });

  it('serves pages that are large, zipped small, binary, or not UTF-8', async () => {
    expect((await bytes('/big')).length).toBe(10 * 1024 * 1024);
    expect((await bytes('/bomb')).length).toBe(10 * 1024 * 1024);
    expect(Number((await get('/bomb')).headers.get('content-length'))).toBeLessThan(20_000);
    expect([...(await bytes('/binary')).slice(0, 3)]).toEqual([0, 1, 2]);
    expect(await (await get('/invalid-utf8')).text()).toContain('\ufffd');
  });

  it('redirects by chains, to any target, and without end', async () => {
    expect((await get('/chain?left=2')).url).toBe(`${site.url}/text`);
    const to = encodeURIComponent('http://169.254.169.254/latest');
    const response = await get(`/redirect?status=307&to=${to}`, { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([307, 'http://169.254.169.254/latest']);
    await expect(get('/loop')).rejects.toThrow('fetch failed');
  });

  it('drips and hangs until the client leaves', async () => {
    const before = site.requests.length;
    for (const path of ['/drip?ms=1', '/hang']) {
      const leave = new AbortController();
      const response = get(path, { signal: leave.signal });
      if (path.startsWith('/drip')) await (await response).body?.getReader().read();
      else while (site.requests.length < before + 2) await (await get('/empty', { method: 'HEAD' })).text();
      leave.abort();
      await response.catch(() => undefined);
    }
    expect(await site.requests[before]?.ended).toBe('dropped');
    expect(await site.requests[before + 1]?.ended).toBe('dropped');
  });

  it('records posts with their headers, also when it cuts the connection before or after the body', async () => {
    const sent = { method: 'POST', headers: { 'idempotency-key': 'k1' }, body: '{"å":1}' };
    const before = site.requests.length;
    expect((await get('/report', sent)).status).toBe(201);
    await expect(get('/reset-before', sent)).rejects.toThrow('fetch failed');
    await expect(get('/reset-after', sent)).rejects.toThrow('fetch failed');
    await expect(get('/half').then((response) => response.text())).rejects.toThrow('terminated');
    expect(
      site.requests.slice(before).map(({ path, raw, headers }) => [path, raw, headers['idempotency-key']]),
    ).toEqual([
      ['/report', '{"å":1}', 'k1'],
      ['/reset-before', '', 'k1'],
      ['/reset-after', '{"å":1}', 'k1'],
      ['/half', '', undefined],
    ]);
  });
});
