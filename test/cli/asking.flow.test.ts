import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { backfill } from '../../infra/cli/command/backfill.ts';
import { forecast } from '../../infra/cli/command/forecast.ts';
import { jobs } from '../../infra/cli/command/jobs.ts';
import { pause } from '../../infra/cli/command/pause.ts';
import { repair } from '../../infra/cli/command/repair.ts';
import { resume } from '../../infra/cli/command/resume.ts';
import { retry } from '../../infra/cli/command/retry.ts';
import { run } from '../../infra/cli/command/run.ts';
import { why } from '../../infra/cli/command/why.ts';
import type { CommandJson } from '../../infra/cli/contract/contract.ts';
import { terminal } from '../../infra/cli/print/terminal.ts';
import { type Connection, connect } from '../../infra/local/daemon/connect.ts';
import { dynamoStores, type Stores } from '../../lib/io/store/stores.ts';
import { changeState } from '../../lib/policy/job-state.ts';
import { slotAt } from '../../lib/schedule/slot.ts';
import { commandOutput } from '../kit/command-json.ts';
import { clientOptions, isAlive } from '../kit/local-service.ts';
import { loopbackPort } from '../kit/loopback-port.ts';
import { unexpected } from '../kit/unexpected.ts';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'nightshift-asking-')));
const infra = join(root, 'infra');
const data = join(root, 'data');
const place = { infra, data };

const declare = (path: string, content: string): void => {
  mkdirSync(join(infra, path, '..'), { recursive: true });
  writeFileSync(join(infra, `${path}.yml`), content);
};

const hourly = (script: string, more = '') =>
  `schedule: { cron: 0 * * * ? *, timezone: Asia/Tokyo }\nmodel: scripted/${script}\nprompt: Go.\n${more}`;

declare('scripts/fine', 'attempts: [[{ text: Fine. }]]');
declare('scripts/locked', 'attempts: [[{ error: { name: Unauthorized, message: no such key } }]]');
declare('jobs/report', hourly('fine', 'limits: { perMonth: { usd: 5, runs: 100 } }'));
declare('jobs/broken', hourly('locked'));
declare('jobs/queue', hourly('fine', 'overlap: queue-one'));
declare('jobs/asleep', hourly('fine', 'enabled: false'));

/** The service that the commands share, and a look into what it remembers. */
let beside: Connection;
let stores: Stores;
let client: DynamoDBClient;

beforeAll(async () => {
  beside = await connect(data, { config: join(data, 'config') });
  client = new DynamoDBClient(clientOptions(beside.socket));
  const deps = { now: () => new Date(), token: () => 'asking', damaged: unexpected };
  stores = dynamoStores(client, beside.env.NIGHTSHIFT_TABLE ?? '', deps);
});

afterAll(() => {
  client.destroy();
  beside.close();
  if (isAlive(beside.pid)) process.kill(beside.pid, 'SIGKILL');
  rmSync(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

/** A terminal that is none, and what was printed there. */
const paper = (columns?: number) => {
  const stream = Object.assign(new PassThrough(), columns && { isTTY: true, columns });
  let text = '';
  stream.on('data', (chunk) => {
    text += chunk;
  });
  return {
    out: terminal(stream as unknown as WriteStream, { NO_COLOR: '1' }),
    text: () => text,
    json: <Name extends keyof CommandJson>(name: Name) => commandOutput(name, text),
  };
};

const both = () => {
  const [progress, answer] = [paper(), paper()];
  return { out: { progress: progress.out, answer: answer.out }, progress, answer };
};

/** The slots of the last hours, the oldest first. */
const now = Date.now();
const hoursAgo = (hours: number) => slotAt(new Date(Math.floor(now / 3_600_000 - hours) * 3_600_000));
const idOf = (job: string, slot: string, suffix?: string) =>
  [job, slot.replaceAll(/[-:]/g, ''), ...(suffix ? [suffix] : [])].join('_');
const range = { from: hoursAgo(3), to: hoursAgo(1), max: 2, limit: 1000 };

test('makes up for past slots and says what came of it, and has nothing to do the second time', async () => {
  const first = both();
  expect(await backfill('report', { ...place, ...range }, first.out)).toBe(0);
  const told = first.progress.text();
  expect(told).toMatch(
    /^report: 3 slots from \w{3} \S+ \S+ to \w{3} \S+ \S+ Asia\/Tokyo\.\n3 runs, at most 2 at a time\. /,
  );
  expect(told).toMatch(/3 of 3 {2}✓ succeeded .* \$0 {2}report_\S+_backfill\n\n3 of 3 runs ended, 0 failed\.\n$/);
  const again = both();
  expect(await backfill('report', { ...place, ...range, json: true }, again.out)).toBe(0);
  expect(again.answer.json('backfill')).toMatchObject({
    slotCount: 3,
    doneCount: 3,
    todo: [],
    runs: [],
    failedCount: 0,
  });
});

test('tries again under another name what failed, says what it may cost, and ends with 1', async () => {
  const one = { ...place, ...range, from: hoursAgo(1) };
  expect(await backfill('broken', { ...one, dryRun: true }, both().out)).toBe(0);
  expect(await stores.runs.byJob('broken', { limit: 1 })).toEqual([]);
  const first = both();
  expect(await backfill('broken', one, first.out)).toBe(1);
  expect(first.progress.text()).toContain('1 of 1 run ended, 1 failed. The same command tries those again.');
  const second = both();
  expect(await backfill('broken', { ...one, json: true }, second.out)).toBe(1);
  const ran = idOf('broken', hoursAgo(1), 'backfill-2');
  expect(second.answer.json('backfill')).toMatchObject({
    failedCount: 1,
    expectedUsd: null,
    runs: [{ run: ran, status: 'failed' }],
  });
  expect(second.progress.text()).toContain('its cost is not known, 1.0 attempts, 100 % failed');
  expect(second.progress.text()).toContain('1 of them without a reply of the model, which do not count to the cost');
  expect(second.progress.text()).not.toContain('$0');
});

test('retry runs all slots of an ended run once more, and refuses an open run', async () => {
  const [slot, earlier] = [hoursAgo(1), hoursAgo(2)];
  const of = await stores.runs.get(idOf('report', slot, 'backfill'));
  if (!of) throw new Error('the backfill has no run');
  const covering = {
    ...of,
    suffix: 'covering',
    id: idOf('report', slot, 'covering'),
    slots: [earlier, slot],
    version: 1,
  };
  await stores.runs.put(covering);
  const { out, progress, answer } = both();
  expect(await retry(covering.id, { ...place, json: true }, data, out)).toBe(0);
  expect(answer.json('retry')).toMatchObject({
    run: idOf('report', slot, 'retry-1'),
    slots: [earlier, slot],
    origin: 'person',
  });
  expect(progress.text()).toMatch(/^Manual run\. The schedule is not affected\./);
  await stores.runs.put({ ...covering, suffix: 'open', id: idOf('report', slot, 'open'), outcome: null });
  const refused = retry(idOf('report', slot, 'open'), place, data, both().out);
  await expect(refused).rejects.toMatchObject({
    name: 'InvalidEvent',
    message: expect.stringMatching(/is still open/),
  });
});

test('pauses a job, whose slots are then skipped by name, and tells why; a second pause takes its place', async () => {
  const first = paper();
  expect(await pause('report', { ...place, by: 'ana', note: 'holiday' }, first.out)).toBe(0);
  expect(first.text()).toMatch(
    /^report is paused by ana since .*: holiday\.\nIts slots are recorded as skipped until it is resumed\.\n/,
  );
  const slot = hoursAgo(0);
  expect(await run('report', { ...place, slot, scheduled: true }, data, both().out)).toBe(1);
  const told = paper();
  expect(await why('report', [slot], place, data, told.out)).toBe(0);
  expect(told.text()).toMatch(/: it was skipped: the job was paused by ana since \w{3} \S+ \S+: holiday\.\n/);
  expect(told.text()).toContain(`npx nightshift show ${idOf('report', slot)}`);
  const second = paper();
  await pause('report', { ...place, by: 'bo', until: '2099-01-01', json: true }, second.out);
  expect(second.json('pause')).toMatchObject({
    pause: { by: 'bo', until: '2098-12-31T15:00:00.000Z' },
    replaced: { by: 'ana' },
  });
  const { since, until } = second.json('pause').pause;
  expect((until ?? '') > since).toBe(true);
});

test('resumes it, closes an open breaker, and says so; resuming what is not paused changes nothing', async () => {
  const breaker = { since: '2026-11-25T08:00:00Z', until: '2099-01-01T00:00:00Z', delaySeconds: 900, probe: null };
  await changeState('report', () => ({ breaker, streak: -5, queued: 'report_x' }), stores.states);
  const told = paper();
  expect(await resume('report', place, told.out)).toBe(0);
  expect(told.text()).toMatch(
    /^report is resumed; it was paused by bo since .* until Thu 2099-01-01 00:00\.\nIts breaker is closed/,
  );
  expect(told.text()).toContain('after 5 failed runs in a row, which count no more.\nreport_x is in the queue');
  expect(await stores.states.get('report')).toMatchObject({ breaker: null, streak: 0 });
  await changeState('report', () => ({ queued: null }), stores.states);
  const { version } = (await stores.states.get('report')) ?? {};
  const again = paper();
  expect(await resume('report', place, again.out)).toBe(0);
  expect(again.text()).toMatch(
    /^report is not paused, and its breaker is closed: nothing was changed\.\nThe next slot is /,
  );
  expect((await stores.states.get('report'))?.version).toBe(version);
});

test("keeps every pause when five operators pause a stage's job at once", async () => {
  const { origin, close } = await loopbackPort(beside.socket);
  onTestFinished(close);
  const aws = { AWS_ENDPOINT_URL: origin, AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };
  for (const [name, value] of Object.entries(aws)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  const people = ['ana', 'bo', 'cy', 'di', 'el'];
  const stage = { ...place, stage: 'local', region: 'eu-west-1' };
  await Promise.all(people.map((by) => pause('asleep', { ...stage, by }, paper().out)));
  const { pauses = [] } = (await stores.states.get('asleep')) ?? {};
  expect(pauses.map(({ by }) => by).sort()).toEqual(people);
  expect(pauses.filter(({ until }) => until === null)).toHaveLength(1);
});

test('lists the jobs: when each is due, how it fares, what it spends and what holds it up', async () => {
  const lease = { run: 'report_open', from: hoursAgo(1), until: '2099-01-01T00:00:00Z', holds: true, after: null };
  await changeState('broken', () => ({ streak: -2, open: [lease], queued: 'broken_x' }), stores.states);
  const told = paper();
  expect(await jobs(place, told.out)).toBe(0);
  const lines = told.text().split('\n');
  expect(lines[0]).toMatch(/^job +next, local time +last outcome +streak +this month$/);
  expect(lines).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^asleep +– +– +0 +\$0$/),
      '  disabled in its file: no schedule is deployed',
      expect.stringMatching(/^ {2}paused by \w+ since/),
      expect.stringMatching(/^broken +\w{3} \S+ \S+ +failed Unauthorized, \d+ (s|min) ago +-2 +–$/),
      '  open: report_open',
      '  in the queue: broken_x',
      expect.stringMatching(/^report .* \$0 of \$5\.00, \d of 100 runs$/),
      '  Every hour, Asia/Tokyo',
    ]),
  );
  const narrow = paper(80);
  await jobs(place, narrow.out);
  expect(narrow.text()).toMatch(/^job +next, local +last outcome +streak +this month\n/);
  for (const line of narrow.text().split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  const listed = paper();
  await jobs({ ...place, json: true }, listed.out);
  const broken = listed.json('jobs').find(({ job }) => job === 'broken');
  expect(broken).toMatchObject({
    streak: -2,
    pause: null,
    breaker: null,
    fresh: null,
    last: { failure: 'Unauthorized' },
  });
});

test('foretells what a job will take from what it took', async () => {
  const told = paper();
  expect(await forecast('report', { ...place, days: 30 }, told.out)).toBe(0);
  expect(told.text()).toMatch(/ runs {6}\d+ runs in 30 days; \d+ slots more would be over a limit\n/);
  expect(told.text()).toMatch(/ a run {5}\$0, 1\.0 attempts, 0 % failed, by the last \d runs\n/);
  expect(told.text()).toMatch(/limit {5}100 runs a month: first reached on \d{4}-\d\d-\d\d/);
  const known = paper();
  await forecast('broken', { ...place, days: 1, json: true }, known.out);
  expect(known.json('forecast')).toMatchObject({
    slotCount: 24,
    runCount: 24,
    experience: { failedShare: 1 },
    pause: null,
  });
});

test('says behind what a slot is queued, and stops watching it on Ctrl-C', async () => {
  const slot = hoursAgo(0);
  const holder = idOf('queue', hoursAgo(1));
  const lease = { run: holder, from: hoursAgo(1), until: '2099-01-01T00:00:00Z', holds: true, after: null };
  await changeState('queue', () => ({ open: [lease] }), stores.states);
  const { out, progress } = both();
  const watching = run('queue', { ...place, slot, scheduled: true }, data, out);
  await expect.poll(progress.text).toContain(`queued: it starts when ${holder} ends.`);
  process.emit('SIGINT');
  expect(await watching).toBe(130);
  const told = paper();
  await why('queue', [slot], { ...place, json: true }, data, told.out);
  expect(told.json('why')).toMatchObject({ kind: 'queued', sentence: expect.stringContaining(`behind ${holder}.`) });
  const paused = paper();
  await pause('queue', { ...place, by: 'ana' }, paused.out);
  expect(paused.text()).toContain(`${holder} is open and goes on to its end.\n${idOf('queue', slot)} is in the queue;`);
});

test('stops a backfill cleanly on Ctrl-C: what runs goes on, and the same command takes it up again', async () => {
  declare('scripts/slow', 'attempts: [[{ text: Fine., delaySeconds: 4 }]]');
  declare('jobs/slow', hourly('slow'));
  const options = { ...place, ...range, max: 1 };
  const first = both();
  const working = backfill('slow', options, first.out);
  const id = idOf('slow', hoursAgo(3), 'backfill');
  await expect.poll(() => stores.runs.get(id)).toBeDefined();
  process.emit('SIGINT');
  expect(await working).toBe(130);
  expect(first.progress.text()).toContain(
    `Stopped: 0 of 3 runs ended, 0 failed; ${id} goes on. The same command goes on from`,
  );
  const second = both();
  expect(await backfill('slow', { ...options, to: hoursAgo(3), json: true }, second.out)).toBe(0);
  expect(second.answer.json('backfill').runs).toMatchObject([{ run: id, status: 'succeeded' }]);
  expect(await stores.runs.byJob('slow', { limit: 10 })).toHaveLength(1);
});

test('asks nothing of a place where nothing was remembered, and makes nothing there', async () => {
  const nowhere = { infra, data: join(root, 'nowhere') };
  const told = paper();
  expect(await jobs(nowhere, told.out)).toBe(0);
  expect(await why('report', ['09:15'], nowhere, data, told.out)).toBe(0);
  expect(await forecast('report', { ...nowhere, days: 1 }, told.out)).toBe(0);
  expect(await resume('report', nowhere, told.out)).toBe(0);
  expect(told.text()).toContain('not due then');
  await expect(retry(idOf('report', hoursAgo(1)), nowhere, data, both().out)).rejects.toMatchObject({
    name: 'UnknownRun',
  });
  await expect(pause('nobody', nowhere, told.out)).rejects.toMatchObject({ name: 'UnknownJob' });
  await expect(pause('report', { ...nowhere, until: '2020-01-01' }, told.out)).rejects.toMatchObject({
    name: 'InvalidSlot',
  });
  await expect(backfill('report', { ...nowhere, ...range, from: '2001-01-01' }, both().out)).rejects.toMatchObject({
    name: 'InvalidEvent',
  });
  expect(existsSync(nowhere.data)).toBe(false);
});

test('knows a job without a file by its last run', async () => {
  rmSync(join(infra, 'jobs/broken.yml'));
  const told = paper();
  expect(await why('broken', [hoursAgo(1)], place, data, told.out)).toBe(0);
  expect(told.text()).toContain('_backfill-2 failed (Unauthorized)');
});

test('repairs a job whose state cannot be read: it says so first, keeps the damaged item, and the job runs again', async () => {
  declare('jobs/hurt', hourly('fine'));
  const started = both();
  expect(await run('hurt', place, data, started.out)).toBe(0);
  const documents = DynamoDBDocumentClient.from(client);
  const TableName = beside.env.NIGHTSHIFT_TABLE ?? '';
  const Key = { pk: 'job#hurt', sk: 'state' };
  const { Item } = await documents.send(new GetCommand({ TableName, Key }));
  await documents.send(new PutCommand({ TableName, Item: { ...Item, data: '{"job":"hurt","streak":"many"}' } }));
  await expect(run('hurt', place, data, both().out)).rejects.toMatchObject({ name: 'DamagedItem' });

  const dry = paper();
  expect(await repair('hurt', { ...place, dryRun: true }, dry.out)).toBe(0);
  expect(dry.text()).toMatch(
    /^state: item job#hurt state: .*\n {2}made anew from the job's runs: .*streak.*\n {2}nothing was changed/,
  );
  await expect(stores.states.get('hurt')).rejects.toMatchObject({ name: 'DamagedItem' });

  const mended = paper();
  expect(await repair('hurt', { ...place, json: true }, mended.out)).toBe(0);
  const [item] = mended.json('repair').items;
  const kept = await documents.send(
    new GetCommand({ TableName, Key: { pk: Key.pk, sk: item?.kept?.split(' ')[1] ?? '' } }),
  );
  expect(JSON.parse(String(kept.Item?.data))).toMatchObject({ ...Key, data: '{"job":"hurt","streak":"many"}' });
  expect(await run('hurt', { ...place, suffix: 'again' }, data, both().out)).toBe(0);
  expect(await stores.states.get('hurt')).toMatchObject({ open: [], queued: null });

  const nothing = paper();
  expect(await repair('hurt', place, nothing.out)).toBe(0);
  expect(nothing.text()).toBe('Nothing of hurt is damaged.\n');
});
