import { describe, expect, it } from 'vitest';
import type { Connection } from '../../lib/connection/connection.ts';
import { type Declared, writeConfig } from '../../lib/io/files/job-files.ts';
import { opener } from '../../lib/io/open.ts';
import { http, lambda } from '../kit/connection.ts';
import { failureOf } from '../kit/failure-of.ts';
import { job } from '../kit/job.ts';
import { memoryStores } from '../kit/memory-stores.ts';
import { silent } from '../kit/observer.ts';
import { ask, signal } from '../kit/open-model.ts';
import { runOf, today } from '../kit/stored.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';
import { pagesServer } from '../kit/wire/pages.ts';

const scripts: Declared['scripts'] = { test: { attempts: [[{ text: 'one' }], [{ text: 'two', delaySeconds: 3600 }]] } };

/** Opens a run of a job with these fields. */
const opening = async (
  fields: Record<string, unknown>,
  env: Record<string, string | undefined> = {},
  connections: Connection[] = [],
) => {
  const config = temporaryDirectory();
  await writeConfig(config, { jobs: [], scripts, connections });
  const stores = memoryStores();
  const run = { ...runOf('report'), job: job(fields) };
  const open = opener({ stores, config, env, now: () => today, observer: silent });
  return { run, stores, open: (attempt = 1) => open(run, attempt) };
};

describe('an opened run', () => {
  it('has the model of its job, which plays the turns of the attempt', async () => {
    const { open } = await opening({});
    const { model } = await open();
    expect((await model(ask, signal)).content).toEqual([{ type: 'text', text: 'one' }]);
  });

  it('has a model whose wait ends at once if the signal aborts', async () => {
    const { open } = await opening({});
    const { model } = await open(2);
    const aborted = new AbortController();
    const reply = model(ask, aborted.signal);
    aborted.abort(new Error('out of time'));
    await expect(reply).rejects.toThrow('out of time');
  });

  it('has the tools of its job, with their descriptions for the model', async () => {
    const { open } = await opening({ tools: ['list_runs', 'http_get'] });
    const { specs, calls } = await open();
    expect(specs.map(({ name }) => name)).toEqual(['list_runs', 'http_get', 'give_up']);
    expect(Object.keys(calls.tools)).toEqual(['list_runs', 'http_get', 'give_up']);
  });

  it('gives its tools this run, this attempt, the effects and the past runs of the stores', async () => {
    const { run, stores, open } = await opening({});
    const { calls } = await open(2);
    expect(calls.effects).toBe(stores.effects);
    expect(calls.context).toMatchObject({ job: run.job, runId: run.id, slot: run.slot, attempt: 2 });
    await stores.runs.put(run);
    expect(await calls.context.pastRuns.runs({ job: 'report', days: 1, limit: 1 })).toMatchObject([{ slot: run.slot }]);
  });

  it('gives its tools a web port that refuses hosts the job does not allow', async () => {
    const { open } = await opening({});
    const { http } = (await open()).calls.context;
    const request = {
      method: 'GET' as const,
      url: 'https://example.com/',
      headers: {},
      allow: [],
      maxBytes: 1,
      signal,
    };
    await expect(http(request)).rejects.toMatchObject({ name: 'ToolError', kind: 'refused' });
  });
});

describe('a run whose job has connections', () => {
  const secret = { NIGHTSHIFT_SECRET_TOKEN: 's3cr3t-value' };

  it('reaches their hosts with their credentials, and has the tools that they are', async () => {
    const site = await pagesServer();
    const api = http({ hosts: [site.host], auth: { header: 'x-api-key' }, secret: 'token' }, 'api');
    const { open } = await opening({ connections: ['api', 'resize'] }, secret, [api, lambda()]);
    const { calls, specs } = await open();
    const request = { method: 'GET' as const, url: `${site.url}/text`, headers: {}, allow: [], maxBytes: 10, signal };
    expect((await calls.context.http(request)).status).toBe(200);
    expect(site.requests[0]?.headers['x-api-key']).toBe('s3cr3t-value');
    expect(specs.map(({ name }) => name)).toEqual(['give_up', 'resize']);
    await site.close();
  });

  it.each<[string, string, Record<string, string>]>([
    ['UnknownConnection', 'missing', secret],
    ['Unauthorized', 'api', {}],
    ['Unauthorized', 'api', { NIGHTSHIFT_SECRET_TOKEN: 'short' }],
  ])('fails as %s where one of them, %s, cannot be opened by %j', async (name, connection, env) => {
    const api = http({ auth: { header: 'x-api-key' }, secret: 'token' }, 'api');
    const { open } = await opening({ connections: [connection] }, env, [api]);
    const failure = await failureOf(open());
    expect(failure.name).toBe(name);
    expect(failure.message).not.toContain('short,');
  });
});

describe('opening a run', () => {
  it.each<[string, Record<string, unknown>]>([
    ['UnknownTool', { tools: ['count'] }],
    ['UnknownModel', { model: 'openai-compatible/local' }],
    ['Unauthorized', { model: 'anthropic/claude-haiku-4-5' }],
    ['InvalidScript', { model: 'scripted/missing' }],
  ])('is %s for a job of %j', async (name, fields) => {
    const { open } = await opening(fields);
    expect(await failureOf(open())).toMatchObject({ name });
  });

  it('fetches the secret again each time, so that a new key is used at once', async () => {
    const env: Record<string, string | undefined> = {};
    const { open } = await opening({ model: 'anthropic/claude-haiku-4-5' }, env);
    expect(await failureOf(open())).toMatchObject({ name: 'Unauthorized' });
    env.ANTHROPIC_API_KEY = 'sk-ant-new';
    await open();
    env.ANTHROPIC_API_KEY = undefined;
    expect(await failureOf(open())).toMatchObject({ name: 'Unauthorized' });
  });
});
