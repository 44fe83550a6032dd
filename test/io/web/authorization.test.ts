import { afterEach, describe, expect, it } from 'vitest';
import type { HttpConnection } from '../../../lib/connection/connection.ts';
import { credentialOf } from '../../../lib/io/web/authorization.ts';
import { guardedHttp } from '../../../lib/io/web/http.ts';
import { http as connection } from '../../kit/connection.ts';
import { bodyOf, errorOf } from '../../kit/guarded-http.ts';
import { closing } from '../../kit/open-model.ts';
import { type Page, pagesServer } from '../../kit/wire/pages.ts';

const { on, all } = closing();
afterEach(all);

const secret = 's3cr3t/value+1';
const { signal } = new AbortController();
const start = Date.parse('2026-11-22T07:00:00Z');

type Request = { method?: 'GET' | 'POST'; headers?: Record<string, string>; body?: string };

/** A client with one connection to a server on loopback. `elsewhere` is another allowed server. */
const connected = async (
  more: Record<string, unknown>,
  pages: Record<string, Page> = {},
  names: Record<string, string> = {},
) => {
  const site = on(await pagesServer(pages));
  const elsewhere = on(await pagesServer(pages));
  let time = start;
  const filled = JSON.parse(JSON.stringify(more).replaceAll('SITE', site.url));
  const made: HttpConnection = connection({ hosts: [site.host], ...filled });
  const identity = async () => ({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'aws-secret-key', ...names });
  const credential = credentialOf(made, secret, { http: guardedHttp(), now: () => new Date(time), identity });
  const http = guardedHttp({}, [credential]);
  const send = (url: string, { method = 'GET', headers = {}, ...rest }: Request = {}) =>
    http({ method, url, headers, allow: [elsewhere.host], maxBytes: 100_000, signal, ...rest });
  return {
    site,
    elsewhere,
    send,
    pass: (ms: number) => {
      time += ms;
    },
  };
};

describe('a request to the host of a connection', () => {
  it.each<[string, Record<string, unknown>, Record<string, string>]>([
    ['a header', { auth: { header: 'X-Api-Key' } }, { 'x-api-key': secret }],
    [
      'a header with words around',
      { auth: { header: 'authorization', value: 'token ${secret}' } },
      { authorization: `token ${secret}` },
    ],
    ['basic', { auth: { basic: 'me' } }, { authorization: `Basic ${Buffer.from(`me:${secret}`).toString('base64')}` }],
  ])('carries the secret as %s', async (_, more, headers) => {
    const { site, send } = await connected({ ...more, secret: 'token' });
    await send(`${site.url}/text`);
    expect(site.requests.at(-1)?.headers).toMatchObject(headers);
  });

  it('carries the secret in its query, and the answer does not tell that URL', async () => {
    const { site, send } = await connected({ auth: { query: 'api_key' }, secret: 'token' });
    const answer = await send(`${site.url}/text?page=1`);
    expect(site.requests.at(-1)?.path).toBe(
      `/text?page=1&api_key=${encodeURIComponent(secret).replaceAll('%20', '+')}`,
    );
    expect(answer.url).toBe(`${site.url}/text?page=1`);
  });

  it('carries the connection’s header, not one of the same name that a tool set', async () => {
    const { site, send } = await connected({ auth: { header: 'x-api-key' }, secret: 'token' });
    await send(`${site.url}/text`, { headers: { 'X-API-Key': 'mine' } });
    expect(site.requests.at(-1)?.headers['x-api-key']).toBe(secret);
  });

  it('comes back without the secret: in headers, in the body, in base64', async () => {
    const page: Page = (response, { headers }) =>
      response
        .writeHead(200, { 'content-type': 'text/plain', 'x-echo': String(headers['x-api-key']) })
        .end(`plain ${headers['x-api-key']} base64 ${Buffer.from(`key=${headers['x-api-key']}!`).toString('base64')}`);
    const { site, send } = await connected({ auth: { header: 'x-api-key' }, secret: 'token' }, { '/mirror': page });
    const answer = await send(`${site.url}/mirror`);
    expect(answer.headers['x-echo']).toBe('[secret]');
    const said = Buffer.from(answer.body).toString();
    expect(said).toMatch(/^plain \[secret\] base64 \S*\[secret\]\S*$/);
    expect(said).not.toContain(Buffer.from(secret).toString('base64').slice(2, -4));
  });

  it('does not carry the secret to another allowed host', async () => {
    const { elsewhere, send } = await connected({ auth: { header: 'x-api-key' }, secret: 'token' });
    expect((await send(`${elsewhere.url}/text`)).status).toBe(200);
    expect(elsewhere.requests.at(-1)?.headers).not.toHaveProperty('x-api-key');
  });
});

describe('a redirect of a request with a credential', () => {
  const to =
    (target: () => string): Page =>
    (response) =>
      response.writeHead(302, { location: target(), 'content-length': 0 }).end();

  it('carries the credential on the same origin', async () => {
    const { site, send } = await connected(
      { auth: { header: 'x-api-key' }, secret: 'token' },
      { '/moved': to(() => '/text') },
    );
    await send(`${site.url}/moved`);
    expect(site.requests.map(({ path, headers }) => [path, headers['x-api-key']])).toEqual([
      ['/moved', secret],
      ['/text', secret],
    ]);
  });

  it('carries none to another host', async () => {
    let away = '';
    const { site, elsewhere, send } = await connected(
      { auth: { header: 'x-api-key' }, secret: 'token' },
      { '/away': to(() => away) },
    );
    away = `${elsewhere.url}/text`;
    await send(`${site.url}/away`);
    expect(elsewhere.requests.at(-1)?.path).toBe('/text');
    expect(elsewhere.requests.at(-1)?.headers).not.toHaveProperty('x-api-key');
  });

  it('carries none back to the connection from a page that was asked first', async () => {
    let back = '';
    const { site, elsewhere, send } = await connected(
      { auth: { header: 'x-api-key' }, secret: 'token' },
      { '/back': to(() => back) },
    );
    back = `${site.url}/text`;
    await send(`${elsewhere.url}/back`);
    expect(site.requests.at(-1)?.path).toBe('/text');
    expect(site.requests.at(-1)?.headers).not.toHaveProperty('x-api-key');
  });

  it('is refused where its URL carries the secret to another host', async () => {
    let away = '';
    const { site, elsewhere, send } = await connected(
      { auth: { query: 'key' }, secret: 'token' },
      { '/away': to(() => away) },
    );
    away = `${elsewhere.url}/text?key=${encodeURIComponent(secret)}`;
    const error = await errorOf(send(`${site.url}/away`));
    expect(error.kind).toBe('refused');
    expect(error.message).not.toContain(secret);
    expect(elsewhere.requests).toEqual([]);
  });
});

describe('OAuth 2 client credentials', () => {
  const oauth = { auth: { oauth: { tokenUrl: 'SITE/token', clientId: 'me@home', scope: 'read' } }, secret: 'token' };
  const tokens = (answers: (() => [number, object])[]): Page => {
    let at = 0;
    return (response) => {
      const [status, body] = answers[Math.min(at, answers.length - 1)]?.() ?? [500, {}];
      at += 1;
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
  };
  const one =
    (value: string, seconds = 3600): (() => [number, object]) =>
    () => [200, { access_token: value, token_type: 'Bearer', expires_in: seconds }];

  it('have one token for all requests of an invocation, also for those that start together', async () => {
    const { site, send } = await connected(oauth, { '/token': tokens([one('first-token'), one('second-token')]) });
    await Promise.all(['/text', '/html', '/text'].map((path) => send(`${site.url}${path}`)));
    const asked = site.requests.filter(({ path }) => path === '/token');
    expect(asked).toHaveLength(1);
    expect(asked[0]?.raw).toBe('grant_type=client_credentials&scope=read');
    expect(asked[0]?.headers.authorization).toBe(
      `Basic ${Buffer.from('me%40home:s3cr3t%2Fvalue%2B1').toString('base64')}`,
    );
    const others = site.requests.filter(({ path }) => path !== '/token');
    expect(others.map(({ headers }) => headers.authorization)).toEqual(Array(3).fill('Bearer first-token'));
  });

  it('have a new token shortly before the old one ends', async () => {
    const { site, send, pass } = await connected(oauth, {
      '/token': tokens([one('first-token', 600), one('second-token', 600)]),
    });
    for (const ms of [0, 530_000, 20_000]) {
      pass(ms);
      await send(`${site.url}/text`);
    }
    const sent = site.requests.filter(({ path }) => path === '/text').map(({ headers }) => headers.authorization);
    expect(sent).toEqual(['Bearer first-token', 'Bearer first-token', 'Bearer second-token']);
  });

  it('have a token that does not come back either', async () => {
    const mirror: Page = (response, { headers }) =>
      response.writeHead(200, { 'content-type': 'text/plain' }).end(headers.authorization);
    const { site, send } = await connected(oauth, { '/token': tokens([one('first-token')]), '/mirror': mirror });
    expect(await bodyOf(send(`${site.url}/mirror`))).toBe('Bearer [secret]');
  });

  it.each<[number, object, string]>([
    [401, { error: 'invalid_client' }, 'refused'],
    [503, {}, 'unreachable'],
    [200, { token: 'x' }, 'refused'],
  ])('that are answered %i %j send nothing, and are asked for again', async (status, body, kind) => {
    const { site, send } = await connected(oauth, { '/token': tokens([() => [status, body], one('later-token')]) });
    const error = await errorOf(send(`${site.url}/text`));
    expect([error.kind, error.message.includes(secret)]).toEqual([kind, false]);
    expect(site.requests.filter(({ path }) => path === '/text')).toEqual([]);
    expect((await send(`${site.url}/text`)).status).toBe(200);
  });
});

describe('a request that is signed for AWS', () => {
  it('is signed by the function’s role, whose key does not come back', async () => {
    const sigv4 = {
      service: 'execute-api',
      region: 'eu-west-1',
      resource: 'arn:aws:execute-api:eu-west-1:123456789012:a/*',
    };
    const mirror: Page = (response) =>
      response.writeHead(200, { 'content-type': 'text/plain' }).end('aws-secret-key session-token');
    const { site, send } = await connected(
      { auth: { sigv4 } },
      { '/mirror': mirror },
      { sessionToken: 'session-token' },
    );
    expect(await bodyOf(send(`${site.url}/mirror`, { method: 'POST', body: '{}' }))).toBe('[secret] [secret]');
    const { headers } = site.requests.at(-1) ?? {};
    expect(headers?.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20261122\/eu-west-1\/execute-api\//,
    );
    expect(headers?.['x-amz-security-token']).toBe('session-token');
  });
});

describe('a server that honours Idempotency-Key', () => {
  const failing = (times: number, status: number): Page => {
    let at = 0;
    return (response) => {
      at += 1;
      if (at > times) return response.writeHead(200).end('done');
      if (status === 0) return response.destroy();
      return response.writeHead(status).end();
    };
  };
  const post = { method: 'POST' as const, headers: { 'idempotency-key': 'k' }, body: 'x' };

  it.each([500, 502, 504, 408, 0])('gets a request again under its key after %i', async (status) => {
    const { site, send } = await connected({ idempotent: true }, { '/post': failing(2, status) });
    expect(await bodyOf(send(`${site.url}/post`, post))).toBe('done');
    expect(site.requests.map(({ headers }) => headers['idempotency-key'])).toEqual(['k', 'k', 'k']);
  });

  it('gets no request a fourth time, and none that has no key', async () => {
    const { site, send } = await connected({ idempotent: true }, { '/post': failing(9, 500) });
    expect((await send(`${site.url}/post`, post)).status).toBe(500);
    expect(site.requests).toHaveLength(3);
    expect((await send(`${site.url}/post`, { ...post, headers: {} })).status).toBe(500);
    expect(site.requests).toHaveLength(4);
  });

  it('is one whose file says so: others get a request once', async () => {
    const { site, send } = await connected({}, { '/post': failing(9, 500) });
    expect((await send(`${site.url}/post`, post)).status).toBe(500);
    expect(site.requests).toHaveLength(1);
  });
});
