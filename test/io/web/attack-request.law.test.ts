import net, { type AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ToolError } from '../../../lib/agent/tool.ts';
import { guardedHttp } from '../../../lib/io/web/http.ts';
import get from '../../../lib/tools/http_get.ts';
import post from '../../../lib/tools/http_post.ts';
import { job } from '../../kit/job.ts';

const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok';

/** Reads the bytes of one connection, and answers when it has as many as the head promises. */
const heard: Buffer[] = [];
let host = '';
const server = net.createServer((socket) => {
  const at = heard.push(Buffer.alloc(0)) - 1;
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    const bytes = Buffer.concat([heard[at] ?? Buffer.alloc(0), chunk]);
    heard[at] = bytes;
    const end = bytes.indexOf('\r\n\r\n');
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(bytes.subarray(0, end).toString('latin1'))?.[1] ?? 0);
    if (end >= 0 && bytes.length >= end + 4 + length) socket.end(answer);
  });
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const hostile = fc.constantFrom(
  '\r\n',
  '\n',
  '\r',
  '\0',
  '\r\nx-smuggled: 1',
  '\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n',
  '%0d%0a',
  '\u010d\u010a',
  '\u2028',
  ' ',
  '\t',
  ':',
  '#',
  '?',
  '&',
  '%',
  '%00',
  '\\',
  '"',
  '\u00e9',
  '\ud83d',
  '漢',
  '0\r\n\r\n',
  'HTTP/1.1',
);
const text = fc.array(fc.oneof(hostile, fc.string({ maxLength: 4 })), { maxLength: 5 }).map((parts) => parts.join(''));
const call = fc.record({
  path: text,
  accept: fc.option(text, { nil: undefined }),
  contentType: fc.option(text, { nil: undefined }),
  body: fc.option(text, { nil: undefined }),
  key: fc.constantFrom(undefined, 'k'.repeat(43)),
});
type Call = typeof call extends fc.Arbitrary<infer T> ? T : never;

const made = async ({ path, accept, contentType, body, key }: Call): Promise<unknown> => {
  const context = {
    job: job({ allow: [host] }),
    runId: 'r',
    slot: 's',
    signal: new AbortController().signal,
    idempotencyKey: key,
    http: guardedHttp(),
    pastRuns: { runs: async () => [], previousResult: async () => undefined },
  };
  const url = `http://${host}/${path}`;
  const typed = contentType === undefined ? {} : { contentType };
  if (body !== undefined) return post.run({ url, body, ...typed }, context);
  return get.run({ url, ...(accept === undefined ? {} : { accept }) }, context);
};

const mine = [
  'host',
  'user-agent',
  'accept',
  'content-type',
  'idempotency-key',
  'accept-encoding',
  'connection',
  'content-length',
];

/** Every part of the bytes that a second parser could read differently. */
const faults = (bytes: Buffer, { body }: Call): string[] => {
  const raw = bytes.toString('latin1');
  const end = raw.indexOf('\r\n\r\n');
  const [line = '', ...headers] = raw.slice(0, end).split('\r\n');
  const names = headers.map((header) => header.slice(0, header.indexOf(':')).toLowerCase());
  const sent = bytes.subarray(end + 4);
  const said = headers.find((header) => /^content-length:/i.test(header));
  return [
    ...(/^(GET|POST) \/[\x21-\x7e]* HTTP\/1\.1$/.test(line) ? [] : [`the request line ${JSON.stringify(line)}`]),
    ...names.flatMap((name) => (mine.includes(name) ? [] : [`a header ${JSON.stringify(name)}`])),
    ...(new Set(names).size === names.length ? [] : ['a header twice']),
    ...headers.flatMap((header) => (/[\0\r\n]/.test(header) ? ['a line inside a header'] : [])),
    ...(body === undefined ? (sent.length === 0 ? [] : ['a body of a GET']) : []),
    ...(body === undefined || sent.equals(Buffer.from(body)) ? [] : ['another body']),
    ...(body === undefined || said?.split(': ')[1] === String(sent.length) ? [] : ['another length']),
  ];
};

it('a request has one head and one body, whatever a model writes into its URL, headers and body', async () => {
  let sent = 0;
  let refused = 0;
  const law = fc.asyncProperty(call, async (one) => {
    heard.length = 0;
    const kind = await made(one).then(
      () => 'answered',
      (error: unknown) => (error instanceof ToolError ? error.kind : error),
    );
    expect(['answered', 'refused']).toContain(kind);
    expect(heard.length).toBe(kind === 'answered' ? 1 : 0);
    for (const bytes of heard) expect(faults(bytes, one)).toEqual([]);
    if (kind === 'answered') sent += 1;
    else refused += 1;
  });
  await fc.assert(law, { numRuns: 400 });
  expect(Math.min(sent, refused)).toBeGreaterThan(20);
});
