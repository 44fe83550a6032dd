import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { methods } from '../../lib/agent/http.ts';
import { outsideText } from '../../lib/agent/outside.ts';
import type { Page } from '../../lib/agent/page.ts';
import { changes, placeOf, type Tool, type ToolContext } from '../../lib/agent/tool.ts';
import { loadTools, toolSpecs } from '../../lib/io/files/tools.ts';
import { storedPastRuns } from '../../lib/io/store/past-runs.ts';
import type { Stores } from '../../lib/io/store/stores.ts';
import { guardedHttp } from '../../lib/io/web/http.ts';
import type { Outcome } from '../../lib/run/outcome.ts';
import { type Run, runId } from '../../lib/run/run.ts';
import { sessionKey } from '../../lib/run/session.ts';
import { noUsage } from '../../lib/usage.ts';
import { freshStores } from '../kit/fresh-stores.ts';
import { errorOf } from '../kit/guarded-http.ts';
import { job } from '../kit/job.ts';
import { type PagesServer, pagesServer } from '../kit/wire/pages.ts';

const names = ['http', 'http_get', 'http_post', 'list_runs', 'previous_result'];
const tools = await loadTools(names);
const slot = '2026-11-22T07:00:00Z';
const now = () => new Date('2026-11-22T07:00:30Z');
let site: PagesServer;
beforeAll(async () => {
  site = await pagesServer();
});
afterAll(() => site.close());

const context = (more: Partial<ToolContext> = {}): ToolContext => ({
  job: job({ allow: [site.host] }),
  runId: 'report_20261122T070000Z',
  slot,
  signal: new AbortController().signal,
  idempotencyKey: undefined,
  http: guardedHttp(),
  pastRuns: { runs: async () => [], previousResult: async () => undefined },
  ...more,
});

/** Calls a tool as the loop does: arguments read by its schema first. */
const call = async (name: string, input: unknown, more: Partial<ToolContext> = {}): Promise<unknown> => {
  const tool = tools[name];
  if (!tool) throw new Error(`no tool ${name}`);
  return tool.run(tool.input.parse(input), context(more));
};
const get = async (path: string): Promise<Page> => (await call('http_get', { url: `${site.url}${path}` })) as Page;

it('every tool has a description for the model, as has every argument', () => {
  for (const { name, description, inputSchema } of toolSpecs(tools)) {
    expect([name, description.length > 80]).toEqual([name, true]);
    const properties = Object.entries((inputSchema.properties ?? {}) as Record<string, { description?: string }>);
    for (const [field, schema] of properties)
      expect([name, field, schema.description]).toEqual([name, field, expect.any(String)]);
    expect(inputSchema.additionalProperties).toBe(false);
  }
});

it('only tools that change the world declare an effect', () => {
  expect(names.slice(1).map((name) => tools[name]?.effect)).toEqual(['none', 'once', 'none', 'none']);
});

describe('http', () => {
  const made = (input: unknown): boolean => changes(tools.http as Tool, input);

  it('changes the world by every method but GET and HEAD, also where other arguments are wrong', () => {
    expect(methods.map((method) => [method, made({ method, url: 1 })])).toEqual([
      ['GET', false],
      ['HEAD', false],
      ['POST', true],
      ['PUT', true],
      ['PATCH', true],
      ['DELETE', true],
    ]);
    expect([made({ method: 'TRACE' }), made(null), made({})]).toEqual([true, true, true]);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('sends a %s with its key and an object as JSON', async (method) => {
    const input = { method, url: `${site.url}/echo`, body: { a: 1 }, headers: { 'if-match': '"v1"' } };
    const { body } = (await call('http', input, { idempotencyKey: 'k' })) as Page;
    expect(JSON.parse(body)).toMatchObject({
      method,
      body: '{"a":1}',
      headers: { 'idempotency-key': 'k', 'content-type': 'application/json', 'if-match': '"v1"' },
    });
  });

  it('sends a DELETE without a body where none is given', async () => {
    const { body } = (await call('http', { method: 'DELETE', url: `${site.url}/echo` })) as Page;
    expect(JSON.parse(body)).toMatchObject({ method: 'DELETE', body: '' });
    expect(JSON.parse(body).headers).not.toHaveProperty('content-type');
  });

  it('reads with GET, and takes no body for it', async () => {
    expect(((await call('http', { method: 'GET', url: `${site.url}/json` })) as Page).body).toBe(
      '{"ferries":2,"wind":"west"}',
    );
    const read = call('http', { method: 'GET', url: `${site.url}/json`, body: 'x' });
    expect((await errorOf(read)).kind).toBe('refused');
    expect((await errorOf(call('http', { method: 'GET', url: `${site.url}/404` }))).kind).toBe('error');
  });

  it.each([
    [404, 'refused'],
    [503, 'unreachable'],
    [500, 'interrupted'],
  ])('judges the answer %i to a PUT as %s', async (status, kind) => {
    const put = call('http', { method: 'PUT', url: `${site.url}/status?of=${status}`, body: 'x' });
    expect((await errorOf(put)).kind).toBe(kind);
  });

  it.each([
    'authorization',
    'Cookie',
    'x-api-key',
    'X-Amz-Security-Token',
    'x-forwarded-for',
    'host',
    'idempotency-key',
  ])('does not let the model set the header %s', async (name) => {
    const input = { method: 'GET', url: site.url, headers: { [name]: 'x' } };
    expect(tools.http?.input.safeParse(input).success).toBe(false);
    expect(tools.http?.input.safeParse({ ...input, headers: { 'x-trace': 'x', Accept: 'a/b' } }).success).toBe(true);
  });

  it('goes to one place by method and address, whatever the query', () => {
    const at = (method: string, url: string) => placeOf(tools.http, { method, url });
    expect(at('PUT', 'https://a.test/x?y=1')).toBe('PUT https://a.test/x');
    expect(at('PUT', 'https://a.test/x')).not.toBe(at('POST', 'https://a.test/x'));
  });
});

describe('http_get', () => {
  it('returns HTML as its text, without scripts and styles', async () => {
    const { body, ...facts } = await get('/html');
    expect(facts).toEqual({
      status: 200,
      url: `${site.url}/html`,
      contentType: 'text/html; charset=utf-8',
      cut: false,
    });
    expect(body).toContain('Harbour news\n');
    expect(body).toContain('Two ferries arrived & one left.');
    expect(body).toContain(`the log [${site.url}/text]`);
    expect(body).not.toMatch(/never shown|navy|<\w/);
  });

  it('reads the start of a long response and marks the cut', async () => {
    const { cut, body } = await get('/big');
    expect([cut, Buffer.byteLength(body) <= 40 * 1024]).toEqual([true, true]);
    expect(body).toMatch(/^nightshift nightshift/);
  });

  it('accepts binary, invalid UTF-8 and empty responses', async () => {
    expect((await get('/binary')).body).toContain('[not text: application/octet-stream, 1024 bytes');
    expect((await get('/invalid-utf8')).body).toBe('ok \uFFFD\uFFFD\uFFFD( !');
    expect((await get('/empty')).body).toBe('');
  });

  it('fails for a status of 400 or more, with the first part of the page', async () => {
    expect(await errorOf(get('/404'))).toMatchObject({
      kind: 'error',
      message: `The server answered 404.\n${outsideText('No such page.\n')}`,
    });
    expect(await errorOf(get('/500'))).toMatchObject({
      kind: 'error',
      message: `The server answered 500.\n${outsideText('Broken')}`,
    });
    expect(await errorOf(get('/503'))).toMatchObject({ kind: 'error' });
  });

  it('requests the given format and reaches only allowed hosts', async () => {
    await call('http_get', { url: `${site.url}/text`, accept: 'text/plain' });
    expect(site.requests.at(-1)?.headers.accept).toBe('text/plain');
    const elsewhere = call('http_get', { url: 'http://169.254.169.254/latest/meta-data/' });
    expect((await errorOf(elsewhere)).kind).toBe('refused');
    const smuggled = call('http_get', { url: `${site.url}/text`, accept: 'a\r\nhost: b' });
    expect((await errorOf(smuggled)).kind).toBe('refused');
  });
});

describe('http_post', () => {
  const echo = async (input: object, more: Partial<ToolContext> = {}) => {
    const answer = (await call('http_post', { url: `${site.url}/echo`, ...input }, more)) as Page;
    return JSON.parse(answer.body);
  };

  it('sends an object as JSON and a string unchanged', async () => {
    expect(await echo({ body: { filed: ['två'], n: 1 } })).toMatchObject({
      method: 'POST',
      body: '{"filed":["två"],"n":1}',
      headers: { 'content-type': 'application/json', 'content-length': '24' },
    });
    expect(await echo({ body: 'två' })).toMatchObject({
      body: 'två',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
    });
    expect(await echo({ body: '<a/>', contentType: 'text/xml' })).toMatchObject({
      headers: { 'content-type': 'text/xml' },
    });
  });

  it('sends the key of its effect as Idempotency-Key, and no header without a key', async () => {
    expect((await echo({ body: 'a' }, { idempotencyKey: 'k-1' })).headers['idempotency-key']).toBe('k-1');
    expect((await echo({ body: 'a' })).headers).not.toHaveProperty('idempotency-key');
  });

  it.each([
    ['refused', 401],
    ['interrupted', 500],
    ['unreachable', 429],
  ])('is %s where the server answers %d, whose number the model is told', async (kind, status) => {
    const error = await errorOf(call('http_post', { url: `${site.url}/status?of=${status}`, body: 'a' }));
    expect(error).toMatchObject({ kind, message: expect.stringContaining(`${status}`) });
  });

  it('may have happened without a response', async () => {
    expect((await errorOf(call('http_post', { url: `${site.url}/reset-after`, body: 'a' }))).kind).toBe('interrupted');
  });

  it('goes to the address without its query, and to no place where the address cannot be read', () => {
    const place = (url: string) => placeOf(tools.http_post, { url, body: 'a' });
    expect(place('https://desk.example.com/reports?day=1#top')).toBe('https://desk.example.com/reports');
    expect(place('HTTPS://user:secret@Desk.example.com:443')).toBe('https://desk.example.com/');
    expect([place('no address'), placeOf(tools.http_post, {})]).toEqual([null, null]);
  });
});

describe('the tools for past runs', () => {
  const usage = (usd: number | null) => ({ ...noUsage, inputTokens: 100, outputTokens: 20, usd });
  const endedAt = '2026-11-22T06:00:09Z';
  const succeeded: Outcome = { status: 'succeeded', attempts: 2, steps: 1, usage: usage(0.25), endedAt };
  const failed: Outcome = {
    status: 'failed',
    failure: 'StepLimit',
    message: 'secret',
    attempts: 1,
    usage: usage(0.5),
    endedAt,
  };

  const put = async ({ runs }: Stores, name: string, at: string, outcome: Outcome | null): Promise<Run> => {
    const id = runId({ job: name, slot: at });
    const run: Run = {
      id,
      slot: at,
      job: job({ prompt: 'A secret prompt.' }, name),
      startedAt: at,
      outcome,
      version: 1,
    };
    await runs.put(run);
    return run;
  };
  const answer = ({ sessions }: Stores, run: Run, attempt: number, text: string) =>
    sessions.append(sessionKey(run.id, attempt), {
      number: 1,
      messages: [{ role: 'assistant', content: [{ type: 'text', text }] }],
      calls: [],
      usage: noUsage,
      startedAt: run.startedAt,
      modelMs: 1,
      toolMs: 0,
    });

  it('list runs newest first with endings, failures and costs, but without prompts or messages', async () => {
    const stores = await freshStores(now);
    await put(stores, 'report', '2026-11-22T06:00:00Z', succeeded);
    await put(stores, 'report', '2026-11-21T06:00:00Z', failed);
    await put(stores, 'report', '2026-11-10T06:00:00Z', failed);
    await put(stores, 'tidy', '2026-11-22T05:00:00Z', null);
    await put(stores, 'tidy', '2026-11-22T04:00:00Z', { status: 'skipped', why: 'late', usage: noUsage, endedAt });
    const pastRuns = storedPastRuns(stores, now);

    const all = (await call('list_runs', {}, { pastRuns })) as { totals: object; runs: object[] };
    expect(all.totals).toEqual({
      ...{ runs: 4, succeeded: 1, failed: 1, skipped: 1, missed: 0, open: 1 },
      ...{ tokens: 240, usd: 0.75 },
    });
    expect(all.runs).toMatchObject([
      { run: 'report_20261122T060000Z', status: 'succeeded', attempts: 2, tokens: 120, usd: 0.25, endedAt },
      { job: 'tidy', slot: '2026-11-22T05:00:00Z', status: 'open', attempts: null, usd: null, endedAt: null },
      { job: 'tidy', status: 'skipped', why: 'late', attempts: null },
      { job: 'report', status: 'failed', failure: 'StepLimit', attempts: 1 },
    ]);
    expect(JSON.stringify(all)).not.toContain('secret');

    const one = await call('list_runs', { job: 'report', days: 30, limit: 2 }, { pastRuns });
    expect(one).toMatchObject({
      totals: { runs: 2 },
      runs: [{ slot: '2026-11-22T06:00:00Z' }, { slot: '2026-11-21T06:00:00Z' }],
    });
  });

  it('report an unknown total cost when one run has no known price', async () => {
    const stores = await freshStores(now);
    await put(stores, 'report', '2026-11-22T06:00:00Z', succeeded);
    await put(stores, 'report', '2026-11-22T05:00:00Z', { ...succeeded, usage: usage(null) });
    expect(await call('list_runs', {}, { pastRuns: storedPastRuns(stores, now) })).toMatchObject({
      totals: { usd: null, tokens: 240 },
    });
  });

  it('return the last success of the job before this slot, ignoring failures, this run and other jobs', async () => {
    const stores = await freshStores(now);
    const past = await put(stores, 'report', '2026-11-20T07:00:00Z', succeeded);
    await answer(stores, past, 2, 'Two ferries.');
    await put(stores, 'report', '2026-11-21T07:00:00Z', failed);
    for (const [name, at] of [
      ['report', slot],
      ['tidy', '2026-11-21T08:00:00Z'],
    ] as const) {
      await answer(stores, await put(stores, name, at, succeeded), 2, 'Not this one.');
    }
    const pastRuns = storedPastRuns(stores, now);
    expect(await call('previous_result', {}, { pastRuns })).toEqual({
      run: past.id,
      slot: past.slot,
      result: 'Two ferries.',
    });
    expect(await call('previous_result', {}, { pastRuns, slot: past.slot })).toMatch(/no previous result/);
  });
});
