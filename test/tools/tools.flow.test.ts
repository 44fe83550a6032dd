import { expect, onTestFinished, test } from 'vitest';
import { storedPastRuns } from '../../lib/io/store/past-runs.ts';
import { sessionKey } from '../../lib/run/session.ts';
import { callsOf } from '../../lib/run/step.ts';
import { slotAt } from '../../lib/schedule/slot.ts';
import { modelEnv, stage } from '../kit/local-stage.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';
import { type AnthropicOptions, anthropicServer } from '../kit/wire/anthropic-server.ts';
import { pagesServer } from '../kit/wire/pages.ts';

const slot = slotAt(new Date(Date.now() - 60_000));
const run = `harbour_${slot.replaceAll(/[-:]/g, '')}`;

/** A job that reads pages from one server and posts a report to another: one file, no code. */
const play = async (
  reply: (sites: { news: string; desk: string }) => AnthropicOptions['reply'],
  more = '',
  pages: Parameters<typeof pagesServer>[0] = {},
) => {
  const [news, desk] = [await pagesServer(), await pagesServer(pages)];
  const model = await anthropicServer({ reply: reply({ news: news.url, desk: desk.url }) });
  onTestFinished(async () => void (await Promise.all([news, desk, model].map((server) => server.close()))));
  const harbour = `
schedule: { cron: 0 7 * * ? *, timezone: Europe/Amsterdam }
model: anthropic/claude-sonnet-4-5
prompt: Read the harbour news and file a report of \${date}.
tools: [http_get, http_post]
allow: ['${news.host}', '${desk.host}']
result: { type: object, required: [filed], properties: { filed: { type: boolean } } }
${more}`;
  return { news, desk, model, ...(await stage(temporaryDirectory(), { harbour }, modelEnv(model))) };
};

test('a job fetches pages from one server and posts its report to another', async () => {
  const { news, desk, model, deliver, ended, stores } = await play((sites) => [
    {
      calls: [
        { name: 'http_get', input: { url: `${sites.news}/html` } },
        { name: 'http_get', input: { url: `${sites.news}/json` } },
      ],
    },
    { calls: [{ name: 'http_post', input: { url: `${sites.desk}/report`, body: { ferries: 2 } } }] },
    { text: '{"filed": true}' },
  ]);
  await deliver({ job: 'harbour', slot });
  expect((await ended(run)).outcome).toMatchObject({ status: 'succeeded', attempts: 1, steps: 3 });
  expect(news.requests.map(({ path }) => path).sort()).toEqual(['/html', '/json']);
  expect(desk.requests).toMatchObject([{ method: 'POST', path: '/report', raw: '{"ferries":2}' }]);
  expect(desk.requests[0]?.headers['idempotency-key']).toMatch(/^[\w-]{43}$/);
  expect(model.requests[1]?.raw).toContain('Two ferries arrived & one left.');
  expect(model.requests[1]?.raw).not.toContain('never shown');
  const steps = await stores.sessions.load(sessionKey(run, 1));
  expect(steps.flatMap(callsOf).map(({ status }) => status)).toEqual(['ok', 'ok', 'ok']);
});

test('a report is posted once, even when the attempt that posted it failed', async () => {
  const file = (desk: string) => ({
    calls: [{ name: 'http_post', input: { url: `${desk}/report`, body: { ferries: 2 } } }],
  });
  const { desk, model, deliver, ended } = await play((sites) => [
    file(sites.desk),
    { error: 529 },
    file(sites.desk),
    { text: '{"filed": true}' },
  ]);
  await deliver({ job: 'harbour', slot });
  expect((await ended(run)).outcome).toMatchObject({ status: 'succeeded', attempts: 2 });
  expect(desk.requests).toHaveLength(1);
  expect(model.requests[3]?.raw).toContain('filed');
});

test('a report without a response is not posted again, and the model gets a note', async () => {
  const file = (desk: string) => ({ calls: [{ name: 'http_post', input: { url: `${desk}/reset-after`, body: 'x' } }] });
  const { desk, model, deliver, ended } = await play((sites) => [
    file(sites.desk),
    { error: 529 },
    file(sites.desk),
    { text: '{"filed": false}' },
  ]);
  await deliver({ job: 'harbour', slot });
  await ended(run);
  expect(desk.requests).toHaveLength(1);
  for (const told of [model.requests[1], model.requests[3]]) expect(told?.raw).toContain('it may have happened');
});

test('a tool returns valid text for a garbage response, and the step commits', async () => {
  const paths = ['/binary', '/big', '/invalid-utf8', '/surrogate', '/bomb', '/500', '/empty', '/404', '/half'];
  const { news, model, deliver, ended } = await play((sites) => [
    { calls: paths.map((path) => ({ name: 'http_get', input: { url: `${sites.news}${path}` } })) },
    { text: '{"filed": false}' },
  ]);
  await deliver({ job: 'harbour', slot });
  expect((await ended(run)).outcome).toMatchObject({ status: 'succeeded', attempts: 1, steps: 2 });
  expect(news.requests.map(({ path }) => path).sort()).toEqual(paths.sort());
  expect(model.requests.map(({ refused }) => refused)).toEqual([undefined, undefined]);
  expect(model.requests[1]?.raw.length).toBeLessThan(300_000);
});

const post = (url: string, body: unknown = 'x') => ({ calls: [{ name: 'http_post', input: { url, body } }] });
const filed = { text: '{"filed": true}' };

test.each([
  ['of 401', (desk: string) => `${desk}/status?of=401`, { undone: 1, unknown: 0 }, 2],
  ['of 500', (desk: string) => `${desk}/status?of=500`, { undone: 0, unknown: 1 }, 1],
  ['from a host that the job does not allow', () => 'https://elsewhere.example.com/', { undone: 1, unknown: 0 }, 2],
])(
  'a run whose only post has no answer but one %s has failed, and its job has no success',
  async (_, url, counts, attempts) => {
    const reply = ({ desk }: { desk: string }) => Array.from({ length: 2 }, () => [post(url(desk)), filed]).flat();
    const { deliver, ended, stores, model } = await play(reply, 'retry: { attempts: 2, firstDelaySeconds: 0.1 }\n');
    await deliver({ job: 'harbour', slot });
    const { outcome } = await ended(run);
    expect(outcome).toMatchObject({
      status: 'failed',
      failure: 'EffectMissing',
      attempts,
      effects: { done: 0, ...counts },
    });
    expect(await stores.states.get('harbour')).toMatchObject({ streak: -1, lastSuccess: null });
    const pastRuns = storedPastRuns(stores, () => new Date());
    expect(await pastRuns.previousResult({ job: 'harbour', before: '9999-01-01T00:00:00Z' })).toBeUndefined();
    expect(model.requests[1]?.raw).toContain('"is_error":true');
  },
);

test('a post that was answered 500 is not taken for an answer by a later attempt, nor sent again', async () => {
  const reply = ({ desk }: { desk: string }) => {
    const again = post(`${desk}/status?of=500`);
    return [again, { error: 529 }, again, filed];
  };
  const { desk, deliver, ended, model } = await play(reply);
  await deliver({ job: 'harbour', slot });
  expect((await ended(run)).outcome).toMatchObject({ status: 'failed', failure: 'EffectMissing', attempts: 2 });
  expect(desk.requests).toHaveLength(1);
  expect(model.requests[2]?.raw).toContain('It is not known whether these calls of earlier attempts took place');
  expect(model.requests[3]?.raw).toContain('It will not be repeated');
});

test('a post that was refused may be made by a later attempt, whose run then succeeds', async () => {
  let refusals = 0;
  const reply = ({ desk }: { desk: string }) => [post(`${desk}/busy`), filed, post(`${desk}/busy`), filed];
  const { desk, deliver, ended } = await play(reply, '', {
    '/busy': (response) => {
      refusals += 1;
      response.writeHead(refusals === 1 ? 503 : 201).end();
    },
  });
  await deliver({ job: 'harbour', slot });
  expect((await ended(run)).outcome).toMatchObject({
    ...{ status: 'succeeded', attempts: 2 },
    effects: { done: 1, undone: 0, unknown: 0, first: null },
  });
  const keys = desk.requests.map(({ headers }) => headers['idempotency-key']);
  expect(keys).toEqual([expect.any(String), keys[0]]);
});

test('a report in other words is not posted beside the first one, which a later attempt is told of', async () => {
  const reply = ({ desk }: { desk: string }) => [
    ...[post(`${desk}/report`, '3 jobs failed last night.'), { error: 529 }],
    ...[post(`${desk}/report`, 'Last night 3 jobs failed.'), filed],
  ];
  const { desk, deliver, ended, model } = await play(reply, 'limits: { effects: { http_post: 1 } }\n');
  await deliver({ job: 'harbour', slot });
  expect((await ended(run)).outcome).toMatchObject({
    status: 'succeeded',
    attempts: 2,
    effects: { done: 1, undone: 0 },
  });
  expect(desk.requests.map(({ raw }) => raw)).toEqual(['3 jobs failed last night.']);
  expect(model.requests[2]?.raw).toContain(`- http_post to ${desk.url}/report`);
  expect(model.requests[3]?.raw).toContain('this job allows 1 call of http_post in a run');
});

test('an agent that gives up ends its run as GaveUp, with its reason and without another attempt', async () => {
  const gives = { calls: [{ name: 'give_up', input: { reason: 'The desk is closed.', tryAgain: false } }] };
  const { deliver, ended } = await play(() => [gives]);
  await deliver({ job: 'harbour', slot });
  expect((await ended(run)).outcome).toMatchObject({
    status: 'failed',
    failure: 'GaveUp',
    message: 'The desk is closed.',
    attempts: 1,
  });
});

test('a lenient job succeeds with a post that is not done, and its outcome says so', async () => {
  const { deliver, ended, stores } = await play(
    ({ desk }) => [post(`${desk}/status?of=422`), filed],
    'effects: lenient\n',
  );
  await deliver({ job: 'harbour', slot });
  expect((await ended(run)).outcome).toMatchObject({
    status: 'succeeded',
    effects: { done: 0, undone: 1, first: { tool: 'http_post', reason: 'Not done: the server answered 422.' } },
  });
  expect(await stores.states.get('harbour')).toMatchObject({ streak: 1, lastSuccess: slot });
});

test('a job that needs a post fails without one, and succeeds in the attempt that makes it', async () => {
  const { deliver, ended } = await play(({ desk }) => [filed, post(`${desk}/report`), filed], 'needs: [http_post]\n');
  await deliver({ job: 'harbour', slot });
  expect((await ended(run)).outcome).toMatchObject({ status: 'succeeded', attempts: 2, effects: { done: 1 } });
});
