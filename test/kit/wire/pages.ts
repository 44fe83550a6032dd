import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { type Ended, endOf, listen, readBody } from './listen.ts';

export type PageRequest = {
  method: string;
  /** Path and query, as received. */
  path: string;
  headers: IncomingHttpHeaders;
  /** The body as received; empty when the connection was cut before it was read. */
  raw: string;
  /** Resolves when the exchange is over. */
  ended: Promise<Ended>;
};

/** Answers one request; `query` is the path's. */
export type Page = (response: ServerResponse, request: PageRequest, query: URLSearchParams) => void;

const send =
  (type: string, body: string | Buffer, status = 200, headers: Record<string, string> = {}): Page =>
  (response) => {
    response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body), ...headers });
    response.end(body);
  };

const redirect =
  (status: number, to: string): Page =>
  (response) =>
    response.writeHead(status, { location: to, 'content-length': 0 }).end();

const html = `<!doctype html>
<html><head><title>Harbour news</title><style>p { color: navy }</style><script>var hidden = 'never shown';</script></head>
<body><h1>Harbour news</h1><p>Two ferries arrived &amp; one left.</p><ul><li>Tide: high</li><li>Wind: west</li></ul>
<p>More at <a href="/text">the log</a>.</p></body></html>
`;

/** Sends a few bytes every `ms` milliseconds until the client goes away. */
const drip: Page = (response, _request, query) => {
  const every = Number(query.get('ms') ?? 20);
  response.writeHead(200, { 'content-type': 'text/plain' });
  const timer = setInterval(() => response.write('drip\n'), every);
  response.once('close', () => clearInterval(timer));
};

const chain: Page = (response, request, query) => {
  const left = Number(query.get('left') ?? 3);
  redirect(302, left > 0 ? `/chain?left=${left - 1}` : '/text')(response, request, query);
};

const echo: Page = (response, request, query) =>
  send('application/json', JSON.stringify({ method: request.method, headers: request.headers, body: request.raw }))(
    response,
    request,
    query,
  );

const megabyte = Buffer.alloc(1024 * 1024, 'nightshift ');

const pages: Record<string, Page> = {
  '/': send('text/html; charset=utf-8', html),
  '/html': send('text/html; charset=utf-8', html),
  '/text': send('text/plain; charset=utf-8', 'The harbour log: två färjor, 1 boat ⛴.\n'),
  '/json': send('application/json', JSON.stringify({ ferries: 2, wind: 'west' })),
  '/empty': send('text/plain', ''),
  '/gzip': send('text/plain', gzipSync('It was zipped.\n'), 200, { 'content-encoding': 'gzip' }),
  '/bomb': send('text/plain', gzipSync(Buffer.alloc(10 * megabyte.length, 'a')), 200, { 'content-encoding': 'gzip' }),
  '/big': send('text/plain', Buffer.concat(Array.from({ length: 10 }, () => megabyte))),
  '/latin1': send('text/plain; charset=iso-8859-1', Buffer.from('blåbär', 'latin1')),
  '/invalid-utf8': send(
    'text/plain; charset=utf-8',
    Buffer.from([0x6f, 0x6b, 0x20, 0xff, 0xfe, 0xc3, 0x28, 0x20, 0x21]),
  ),
  '/binary': send('application/octet-stream', Buffer.from(Array.from({ length: 1024 }, (_, n) => n % 256))),
  '/surrogate': send('application/json', '{"half":"\\ud83d and no more"}'),
  '/404': send('text/plain', 'No such page.\n', 404),
  '/500': send('text/html', '<h1>Broken</h1>', 500),
  '/504': send('text/plain', 'Somebody else may know.\n', 504),
  '/503': send('text/plain', 'Come back later.\n', 503, { 'retry-after': '5' }),
  /** `/status?of=<status>` */
  '/status': (response, request, query) =>
    send('text/plain', 'So it is.\n', Number(query.get('of')))(response, request, query),
  '/drip': drip,
  '/hang': () => {},
  '/half': (response) => {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': 1000 });
    response.write('half of it', () => response.destroy());
  },
  '/chain': chain,
  '/loop': redirect(302, '/loop'),
  /** `/redirect?to=<url>&status=<301…308>` */
  '/redirect': (response, request, query) =>
    redirect(Number(query.get('status') ?? 302), query.get('to') ?? '/text')(response, request, query),
  '/echo': echo,
  '/report': send('application/json', '{"filed":true}', 201),
  '/reset-after': (response) => response.destroy(),
};

export type PagesServer = {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  url: string;
  /** `127.0.0.1:<port>`, as a job allows it. */
  host: string;
  port: number;
  /** Every request in the order it was read, including those whose connection was cut. */
  requests: PageRequest[];
  close(): Promise<void>;
};

/**
 * A small site on 127.0.0.1 for tools to fetch from and post to. Its pages are the keys of the table above, for any method.
 * `/reset-before` cuts the connection before the body is read, `/reset-after` when all of it is. `more` adds pages or
 * replaces them.
 */
export const pagesServer = async (more: Record<string, Page> = {}): Promise<PagesServer> => {
  const site = { ...pages, ...more };
  const requests: PageRequest[] = [];

  const note = (incoming: IncomingMessage, response: ServerResponse): PageRequest => {
    const { method = '', url: path = '', headers } = incoming;
    const ended = endOf(response);
    const request: PageRequest = { method, path, headers, raw: '', ended };
    requests.push(request);
    return request;
  };

  const { origin, port, close } = await listen(async (incoming, response) => {
    const request = note(incoming, response);
    const { pathname, searchParams } = new URL(request.path, 'http://site');
    if (pathname === '/reset-before') {
      response.destroy();
      return;
    }
    const body = await readBody(incoming).catch(() => undefined);
    if (body === undefined) return;
    request.raw = body.toString('utf8');
    const page = Object.hasOwn(site, pathname) ? site[pathname] : undefined;
    (page ?? send('text/plain', 'No such page.\n', 404))(response, request, searchParams);
  });
  return { url: origin, host: `127.0.0.1:${port}`, port, requests, close };
};
