import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CreateScheduleCommandInput,
  DeleteScheduleCommand,
  GetScheduleCommand,
  ListSchedulesCommand,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import { expect, test } from 'vitest';
import { functionArn, scheduleArn, scheduleGroup } from '../../infra/local/arn.ts';
import { syncSchedules } from '../../infra/local/scheduler/sync-schedules.ts';
import { Job } from '../../lib/job/job.ts';
import { manualClock, scheduleInput, scheduleKey, schedulerOn } from '../kit/manual-clock.ts';

test('the local Scheduler keeps a schedule as AWS does, with its defaults, dates and whole target', async () => {
  const time = manualClock('2026-11-22T07:00:00.250Z');
  const { client, create } = await schedulerOn(time);
  const StartDate = new Date('2026-12-01T00:00:00Z');
  const EndDate = new Date('2026-12-31T00:00:00Z');
  const { ScheduleArn } = await create('report', 'cron(0 8 * * ? *)', { StartDate, EndDate });
  expect(ScheduleArn).toBe(scheduleArn('report'));
  const { $metadata, ...found } = await client.send(new GetScheduleCommand(scheduleKey('report')));
  const { Target, ...rest } = scheduleInput('report', 'cron(0 8 * * ? *)', { StartDate, EndDate });
  const created = new Date('2026-11-22T07:00:00.250Z');
  expect(found).toEqual({
    ...rest,
    Arn: ScheduleArn,
    ScheduleExpressionTimezone: 'UTC',
    State: 'ENABLED',
    ActionAfterCompletion: 'NONE',
    CreationDate: created,
    LastModificationDate: created,
    Target: { ...Target, RetryPolicy: { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 } },
  });
});

test('the local Scheduler replaces a whole schedule, and updates its modification date only', async () => {
  const time = manualClock('2026-11-22T07:00:00Z');
  const { client, create } = await schedulerOn(time);
  await create('report', 'rate(1 day)', { State: 'DISABLED', Description: 'daily' });
  time.until('2026-11-22T08:30:00Z');
  await client.send(new UpdateScheduleCommand(scheduleInput('report', 'rate(2 days)')));
  const found = await client.send(new GetScheduleCommand(scheduleKey('report')));
  expect(found).toMatchObject({ ScheduleExpression: 'rate(2 days)', State: 'ENABLED' });
  expect(found.Description).toBeUndefined();
  expect(found.CreationDate).toEqual(new Date('2026-11-22T07:00:00Z'));
  expect(found.LastModificationDate).toEqual(new Date('2026-11-22T08:30:00Z'));
});

test('the local Scheduler refuses the requests that AWS refuses, by the same error names', async () => {
  const { client, create } = await schedulerOn(manualClock('2026-11-22T07:00:00Z'));
  await create('report', 'rate(1 day)');
  const refused = async (sent: Promise<unknown>) =>
    sent.then(
      () => 'taken',
      ({ name, message }) => `${name}: ${message}`,
    );
  expect(await refused(create('report', 'rate(1 day)'))).toBe('ConflictException: Schedule report already exists.');
  const missing = 'ResourceNotFoundException: Schedule missing does not exist.';
  expect(await refused(client.send(new GetScheduleCommand(scheduleKey('missing'))))).toBe(missing);
  expect(await refused(client.send(new DeleteScheduleCommand(scheduleKey('missing'))))).toBe(missing);
  expect(await refused(client.send(new UpdateScheduleCommand(scheduleInput('missing', 'rate(1 day)'))))).toBe(missing);
  const elsewhere = 'ResourceNotFoundException: Schedule group default does not exist.';
  expect(await refused(client.send(new GetScheduleCommand({ Name: 'report' })))).toBe(elsewhere);
  for (const [expression, more] of [
    ['rate(1 days)', {}],
    ['cron(0 8 * * * *)', {}],
    ['at(2026-02-30T08:00:00)', {}],
    ['every day', {}],
    ['rate(1 day)', { ScheduleExpressionTimezone: 'Mars/Olympus' }],
    ['rate(1 day)', { FlexibleTimeWindow: undefined }],
    ['rate(1 day)', { StartDate: new Date(2e12), EndDate: new Date(1e12) }],
    ['rate(1 day)', { Target: { Arn: functionArn('dispatch'), RoleArn: 'any', Input: 'no JSON' } }],
  ] as [string, Partial<CreateScheduleCommandInput>][])
    expect(await refused(create('other', expression, more)), expression).toMatch(/^ValidationException: /);
  expect(await refused(create('a b', 'rate(1 day)'))).toBe('ValidationException: Invalid Name: a b');
});

test('the local Scheduler treats a repeated creation as the same one', async () => {
  const time = manualClock('2026-11-22T07:00:00Z');
  const { client, create } = await schedulerOn(time);
  await create('report', 'rate(1 day)', { ClientToken: 'once' });
  time.until('2026-11-22T07:00:30Z');
  await create('report', 'rate(1 day)', { ClientToken: 'once' });
  const { CreationDate } = await client.send(new GetScheduleCommand(scheduleKey('report')));
  expect(CreationDate).toEqual(new Date('2026-11-22T07:00:00Z'));
});

test('the local Scheduler lists schedules by page, name prefix and state', async () => {
  const { client, create } = await schedulerOn(manualClock('2026-11-22T07:00:00Z'));
  for (const name of ['b-one', 'a-two', 'a-one']) await create(name, 'rate(1 day)');
  await create('c', 'rate(1 day)', { State: 'DISABLED' });
  const list = async (query: object) => {
    const { Schedules = [], NextToken } = await client.send(
      new ListSchedulesCommand({ GroupName: scheduleGroup, ...query }),
    );
    return [Schedules.map(({ Name }) => Name), NextToken];
  };
  expect(await list({})).toEqual([['a-one', 'a-two', 'b-one', 'c'], undefined]);
  const [page, NextToken] = await list({ MaxResults: 2 });
  expect(page).toEqual(['a-one', 'a-two']);
  expect(await list({ MaxResults: 2, NextToken })).toEqual([['b-one', 'c'], undefined]);
  expect(await list({ NamePrefix: 'a-', State: 'ENABLED' })).toEqual([['a-one', 'a-two'], undefined]);
  expect(await list({ State: 'DISABLED' })).toEqual([['c'], undefined]);
});

test('the local Scheduler sets a damaged file aside, reports it, and keeps the other schedules', async () => {
  const time = manualClock('2026-11-22T07:00:30Z');
  const first = await schedulerOn(time);
  for (const name of ['good', 'bad']) await first.create(name, 'rate(1 day)');
  await first.service.close();
  const file = join(first.dir, 'data/schedules/bad.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('rate(1 day)', 'rate(1 week)'));
  const said: unknown[] = [];
  const second = await schedulerOn(time, first.dir, { report: (error) => void said.push(error) });
  const { Schedules = [] } = await second.client.send(new ListSchedulesCommand({}));
  expect(Schedules.map(({ Name }) => Name)).toEqual(['good']);
  expect(said).toEqual([expect.stringMatching(/bad\.json could not be read and is now .*bad\.json\.bad/)]);
  expect(readdirSync(join(first.dir, 'data/schedules')).sort()).toEqual(['bad.json.bad', 'good.json']);
});

test('the local Scheduler is synchronized with the job files, and leaves unchanged schedules alone', async () => {
  const time = manualClock('2026-11-22T07:00:30Z');
  const { service, client } = await schedulerOn(time);
  const job = (name: string, schedule: object, more: object = {}) =>
    Job.parse({ name, schedule, model: 'scripted/any', prompt: 'Write.', ...more });
  const kept = async (...jobs: Job[]) => {
    const { since, ...made } = await syncSchedules(jobs, client, new Date(time.clock.now()));
    const { Schedules = [] } = await client.send(new ListSchedulesCommand({}));
    return { ...made, there: Schedules.map(({ Name }) => Name) };
  };
  const bounded = job('daily', { rate: '1 day', start: '2026-11-01T08:00:00', end: '2027-01-01T00:00:00' });
  const once = job('once', { at: '2026-11-22T08:00:00' });
  const over = job('over', { at: '2026-11-22T06:00:00' });
  const there = ['daily', 'once-20261122T080000'];
  const nothing = { created: [], updated: [], removed: [] };
  expect(await kept(bounded, once, over)).toEqual({ ...nothing, created: ['daily', 'once'], there });
  time.until('2026-11-22T09:00:00Z');
  service.timer.start();
  expect(await kept(bounded, once, over)).toEqual({ ...nothing, there });
  const changed = job('daily', { rate: '2 days' });
  const off = job('once', { at: '2026-11-22T08:00:00' }, { enabled: false });
  expect(await kept(changed, off)).toEqual({ created: [], updated: ['daily'], removed: ['once'], there: ['daily'] });
  const found = await client.send(new GetScheduleCommand(scheduleKey('daily')));
  expect(found.LastModificationDate).toEqual(new Date('2026-11-22T09:00:00Z'));
  expect(found.StartDate).toBeUndefined();
});
