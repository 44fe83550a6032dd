import net, { type AddressInfo, type Socket } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { HttpRequest } from '../../../lib/agent/http.ts';
import { page } from '../../../lib/agent/page.ts';
import { guardedHttp } from '../../../lib/io/web/http.ts';
import { ask, errorOf } from '../../kit/guarded-http.ts';

/** A server that handles each connection with `serve`. It records the connections that the client closed. */
const hostileServer = async (serve: (socket: Socket) => void) => {
  const ended: Promise<void>[] = [];
  const server = net.createServer((socket) => {
    ended.push(new Promise((resolve) => socket.once('close', () => resolve())));
    socket.on('error', () => {});
    socket.once('data', () => serve(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ended,
    ask: (more: Partial<HttpRequest> = {}) =>
      ask(guardedHttp(), `http://${host}/`, [host], { maxBytes: 2 * 1024 * 1024, ...more }),
  };
};

/** Writes a piece repeatedly, as fast as it is read, until the other side closes. `each` gets the number of writes. */
const forever = (
  socket: Socket,
  piece: (count: number) => string | Buffer,
  each: (count: number) => void = () => {},
): void => {
  let count = 0;
  const more = () => {
    if (socket.destroyed) return;
    count += 1;
    each(count);
    socket.write(piece(count), () => setImmediate(more));
  };
  more();
};

const head = (...lines: string[]) => `HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join('')}`;

describe('a fetch with an answer that never ends', () => {
  const slow: [name: string, start: string, piece: (count: number) => string][] = [
    ['in its status line', 'HTTP/1.1 200 O', () => 'K'],
    ['in one header', head('x-long: a'), () => 'a'],
    ['in its headers', head(), (count) => `x-${count}: a\r\n`],
    ['in news of what is to come', '', () => 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'],
    ['in the size of a chunk', `${head('transfer-encoding: chunked')}\r\n`, () => '0'],
    ['in the extension of a chunk', `${head('transfer-encoding: chunked')}\r\n1;`, () => 'x'],
    ['in its trailers', `${head('transfer-encoding: chunked')}\r\n0\r\n`, (count) => `x-${count}: a\r\n`],
    ['in a body byte by byte', `${head('content-length: 1000000000')}\r\n`, () => 'x'],
    ['in empty gzip members', `${head('content-encoding: gzip')}\r\n`, () => gzipSync('').toString('latin1')],
  ];

  it.each(slow)('%s is interrupted at its deadline, and the connection is closed', async (_, start, piece) => {
    const time = new AbortController();
    const server = await hostileServer((socket) => {
      socket.write(start, 'latin1');
      forever(
        socket,
        (count) => Buffer.from(piece(count), 'latin1'),
        (count) => {
          if (count === 200) time.abort();
        },
      );
    });
    expect((await errorOf(server.ask({ signal: time.signal }))).kind).toBe('interrupted');
    await Promise.all(server.ended);
  });

  it.each([
    ['an endless header', (count: number) => (count === 1 ? head('x-long: ') : 'a'.repeat(4096))],
    ['endless headers', (count: number) => (count === 1 ? head() : `x-${count}: ${'a'.repeat(1000)}\r\n`)],
    [
      'an endless chunk extension',
      (count: number) => (count === 1 ? `${head('transfer-encoding: chunked')}\r\n1;` : 'x'.repeat(4096)),
    ],
    [
      'endless trailers',
      (count: number) =>
        count === 1 ? `${head('transfer-encoding: chunked')}\r\n0\r\n` : `x-${count}: ${'a'.repeat(1000)}\r\n`,
    ],
  ])('with %s ends at a size limit, without a deadline', async (_, piece) => {
    const server = await hostileServer((socket) => forever(socket, piece));
    expect((await errorOf(server.ask())).kind).toBe('interrupted');
    await Promise.all(server.ended);
  });

  it('with an endless body is cut at its bound', async () => {
    const server = await hostileServer((socket) =>
      forever(socket, (count) => (count === 1 ? `${head()}\r\n` : 'x'.repeat(65_536))),
    );
    expect(await server.ask({ maxBytes: 300_000 })).toMatchObject({ cut: true, body: { length: 300_000 } });
    await Promise.all(server.ended);
  });
});

describe('a decompression bomb', () => {
  const zeros = Buffer.alloc(64 * 1024 * 1024);
  const bombs: [string, string, Buffer][] = [
    ['gzip', 'gzip', gzipSync(zeros)],
    ['brotli', 'br', brotliCompressSync(zeros)],
    [
      'gzip in many members',
      'gzip',
      Buffer.concat(Array.from({ length: 64 }, () => gzipSync(zeros.subarray(0, 1024 * 1024)))),
    ],
  ];
  it.each(bombs)(
    'of %s yields no more than its bound, and does not use the memory it asks for',
    async (_, encoding, bytes) => {
      const server = await hostileServer((socket) =>
        socket.end(Buffer.concat([Buffer.from(`${head(`content-encoding: ${encoding}`)}\r\n`), bytes])),
      );
      const before = process.memoryUsage().arrayBuffers;
      const answer = await server.ask({ maxBytes: 100_000 });
      expect(answer).toMatchObject({ cut: true, body: { length: 100_000 } });
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
    },
  );

  const packed = gzipSync(gzipSync('x'));
  const answerIn = async (encoding: string) => {
    const server = await hostileServer((socket) =>
      socket.end(Buffer.concat([Buffer.from(`${head(`content-encoding: ${encoding}`)}\r\n`), packed])),
    );
    return server.ask({ maxBytes: 100_000 });
  };

  it.each(['gzip, gzip', 'gzip, br', 'compress', 'zstd', 'deflate', 'klingon'])(
    'in the coding "%s", which does not decode here, is returned as it was sent',
    async (encoding) => {
      const answer = await answerIn(encoding);
      expect(answer).toMatchObject({ status: 200, headers: { 'content-encoding': encoding }, cut: false });
      expect(Buffer.compare(answer.body, packed)).toBe(0);
    },
  );

  it.each(['GZIP ', 'x-gzip'])('in the coding "%s" is decoded once', async (encoding) => {
    const answer = await answerIn(encoding);
    expect(answer.headers).not.toHaveProperty('content-encoding');
    expect(Buffer.compare(answer.body, gzipSync('x'))).toBe(0);
  });
});

describe('a large page', () => {
  const read = (body: string, type = 'text/html') =>
    page({
      status: 200,
      url: 'http://pages.test/',
      headers: { 'content-type': type },
      body: Buffer.from(body),
      cut: false,
    });
  const two = 2 * 1024 * 1024;

  it.each([
    ['nothing but brackets', '<'.repeat(two)],
    ['one attribute that never ends', `<a href="${'&amp;'.repeat(two / 5)}`],
    ['entities', '&#38;amp;'.repeat(two / 9)],
    ['nested tables', '<table><tr><td>'.repeat(two / 15)],
  ])('of %s is read within its bound', async (_, body) => {
    const { body: text } = await read(body);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(40 * 1024);
  });
});
