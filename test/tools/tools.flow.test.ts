import { expect, onTestFinished, test } from 'vitest';
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
const play = async (reply: (sites: { news: string; desk: string }) => AnthropicOptions['reply']) => {
  const [news, desk] = [await pagesServer(), await pagesServer()];
  const model = await anthropicServer({ reply: reply({ news: news.url, desk: desk.url }) });
  onTestFinished(async () => void (await Promise.all([news, desk, model].map((server) => server.close()))));
  const harbour = `
schedule: { cron: 0 7 * * ? *, timezone: Europe/Amsterdam }
model: anthropic/claude-sonnet-4-5
prompt: Read the harbour news and file a report of \${date}.
tools: [http_get, http_post]
allow: ['${news.host}', '${desk.host}']
result: { type: object, required: [filed], properties: { filed: { type: boolean } } }
`;
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
