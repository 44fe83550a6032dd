import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guardedHttp } from '../../../lib/io/web/http.ts';
import { ask, bodyOf } from '../../kit/guarded-http.ts';
import { type PagesServer, pagesServer } from '../../kit/wire/pages.ts';

let site: PagesServer;
beforeAll(async () => {
  site = await pagesServer({
    '/not-gzip': (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('plain'),
    '/half-gzip': (response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('It was zipped.').subarray(0, 20)),
    '/utf-8': (response) => response.writeHead(200, { 'content-encoding': 'utf-8' }).end('plain'),
    '/odd': (response) => response.writeHead(200, { 'content-encoding': 'zstd' }).end('plain'),
    '/deflate': (response) =>
      response.writeHead(200, { 'content-encoding': 'deflate' }).end(deflateSync('It was deflated.')),
    '/zstd': (response) =>
      response.writeHead(200, { 'content-encoding': 'zstd' }).end(zstdCompressSync('It was pressed.')),
    '/empty-gzip': (response) => response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': 0 }).end(),
  });
});
afterAll(() => site.close());

const here = (path: string, more = {}) => ask(guardedHttp(), `${site.url}${path}`, [site.host], more);

it.each([
  ['/deflate', 'It was deflated.'],
  ['/zstd', 'It was pressed.'],
  ['/empty-gzip', ''],
])('an answer in a coding that was not asked for is decoded: %s', async (path, text) => {
  expect(await bodyOf(here(path))).toBe(text);
});

describe('an answer in a coding that cannot be undone', () => {
  it.each([
    ['/not-gzip', 'gzip'],
    ['/odd', 'zstd'],
    ['/utf-8', 'utf-8'],
  ])('is no doubt about what the server did: %s is returned as it was sent', async (path, coding) => {
    for (const more of [{}, { method: 'POST' as const, body: 'a report' }]) {
      const answer = await here(path, more);
      expect(answer).toMatchObject({ status: 200, headers: { 'content-encoding': coding }, cut: false });
      expect(Buffer.from(answer.body).toString()).toBe('plain');
    }
  });

  it('is returned up to its bound', async () => {
    expect(await here('/not-gzip', { maxBytes: 3 })).toMatchObject({ body: Buffer.from('pla'), cut: true });
  });

  it('is returned with its status where it ends too early', async () => {
    expect(await here('/half-gzip')).toMatchObject({ status: 200, body: { length: 20 } });
  });
});
