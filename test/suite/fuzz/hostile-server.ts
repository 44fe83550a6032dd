import net, { type AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';

const framings = ['length', 'chunked', 'close', 'short', 'long', 'both', 'twice'] as const;
const encodings = ['identity', 'gzip', 'br', 'deflate', 'gzip lie', 'gzip half', 'unknown'] as const;

const header: fc.Arbitrary<string> = fc.constantFrom(
  'retry-after: 3',
  'retry-after: Wed, 21 Oct 2099 07:28:00 GMT',
  'retry-after: -1',
  'retry-after: 1e999',
  'retry-after-ms: 99999999999999999999',
  'request-id: req_1',
  'set-cookie: a=b',
  'x-empty:',
  'x-latin: \u00e9\u00ff',
  `x-long: ${'x'.repeat(2000)}`,
  'x-null: a\u0000b',
  ' folded: x',
  'no colon at all',
  'location: /elsewhere',
  'location: http://other.test/',
  'location: file:///etc/passwd',
  'location: //[',
  'transfer-encoding: gzip, chunked',
  'content-encoding: gzip, br',
);

/** How a body is sent, correctly or not. `cut` ends the connection after this many thousandths of the answer. */
const anyTransport = fc.record({
  status: fc.oneof(
    { weight: 12, arbitrary: fc.constant(200) },
    fc.constantFrom(99, 101, 201, 204, 302, 304, 307, 400, 401, 403, 404, 408, 413, 429, 500, 502, 503, 529, 999),
  ),
  framing: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom<(typeof framings)[number][]>('length', 'chunked', 'close') },
    fc.constantFrom(...framings),
  ),
  encoding: fc.oneof(
    { weight: 12, arbitrary: fc.constant<(typeof encodings)[number]>('identity') },
    fc.constantFrom(...encodings),
  ),
  headers: fc.oneof(
    { weight: 3, arbitrary: fc.array(header, { maxLength: 0 }) },
    fc.array(header, { minLength: 1, maxLength: 3 }),
  ),
  cut: fc.oneof({ weight: 8, arbitrary: fc.constant(1000) }, fc.nat(1000)),
  reset: fc.boolean(),
});
/** A transport that is correct in half of the cases. */
export const transport = fc.oneof(
  fc.constant<AnyTransport>({
    status: 200,
    framing: 'length',
    encoding: 'identity',
    headers: [],
    cut: 1000,
    reset: false,
  }),
  anyTransport,
);
type AnyTransport = typeof anyTransport extends fc.Arbitrary<infer T> ? T : never;
export type Transport = typeof transport extends fc.Arbitrary<infer T> ? T : never;

const packed = (body: Buffer, encoding: Transport['encoding']): Buffer => {
  if (encoding === 'gzip') return gzipSync(body);
  if (encoding === 'gzip half') return gzipSync(body).subarray(0, -9);
  if (encoding === 'br') return brotliCompressSync(body);
  return encoding === 'deflate' ? deflateSync(body) : body;
};

const chunked = (body: Buffer): Buffer => {
  const half = Math.floor(body.length / 2);
  const parts = [body.subarray(0, half), body.subarray(half)].filter((part) => part.length > 0);
  return Buffer.concat([
    ...parts.flatMap((part) => [Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]),
    Buffer.from('0\r\n\r\n'),
  ]);
};

const lengths: Record<Transport['framing'], (length: number) => string[]> = {
  length: (length) => [`content-length: ${length}`],
  chunked: () => ['transfer-encoding: chunked'],
  close: () => [],
  short: (length) => [`content-length: ${Math.max(0, length - 5)}`],
  long: (length) => [`content-length: ${length + 5}`],
  both: (length) => ['transfer-encoding: chunked', `content-length: ${length}`],
  twice: (length) => [`content-length: ${length}`, `content-length: ${length + 1}`],
};

/** The bytes of a complete answer. */
export const answerBytes = (body: Buffer, type: string, { status, framing, encoding, headers }: Transport): Buffer => {
  const whole = packed(body, encoding);
  const [name] = encoding.split(' ');
  const lines = [
    `HTTP/1.1 ${status} So`,
    `content-type: ${type}`,
    ...(name === 'identity' ? [] : [`content-encoding: ${name}`]),
    ...lengths[framing](whole.length),
    ...headers,
    'connection: close',
  ];
  const sent = framing === 'chunked' || framing === 'both' ? chunked(whole) : whole;
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), sent]);
};

const lengthOf = (head: string): number => Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);

/** Whether the request has arrived completely. */
const isWhole = (request: Buffer): boolean => {
  const end = request.indexOf('\r\n\r\n');
  return end >= 0 && request.length >= end + 4 + lengthOf(request.subarray(0, end).toString('latin1'));
};

/** A loopback server that answers every request with the same bytes and closes the connection. */
export const byteServer = async () => {
  let next: { bytes: Buffer; reset: boolean } = { bytes: Buffer.alloc(0), reset: false };
  const open = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    open.add(socket);
    let request: Buffer = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.once('close', () => open.delete(socket));
    socket.on('data', (chunk) => {
      request = Buffer.concat([request, chunk]);
      if (!isWhole(request)) return;
      request = Buffer.alloc(0);
      if (!next.reset) socket.end(next.bytes);
      else socket.write(next.bytes, () => socket.resetAndDestroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    answer(bytes: Buffer, { cut, reset }: Pick<Transport, 'cut' | 'reset'>) {
      const isCut = cut < 1000;
      next = {
        bytes: isCut ? bytes.subarray(0, Math.floor((bytes.length * cut) / 1000)) : bytes,
        reset: isCut && reset,
      };
    },
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
};

/** Nothing about this transport is wrong, and its status is that of an answer. */
export const isPlain = ({ status, framing, encoding, headers, cut }: Transport): boolean =>
  status === 200 &&
  ['length', 'chunked', 'close'].includes(framing) &&
  encoding === 'identity' &&
  headers.length === 0 &&
  cut === 1000;
