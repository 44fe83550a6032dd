import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateScheduleCommand,
  type CreateScheduleCommandInput,
  DeleteScheduleCommand,
  GetScheduleCommand,
  ListSchedulesCommand,
  SchedulerClient,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import { expect, onTestFinished, test } from 'vitest';
import { functionArn, scheduleArn, scheduleGroup } from '../infra/local/arn.ts';
import type { Clock } from '../infra/local/clock.ts';
import type { LocalService, ServiceEvent, ServiceOptions } from '../infra/local/service.ts';
import { clientOptions, handler, lines, place, serviceOn } from './local/place.ts';

/** A clock that stands still, until it is moved to an instant: what is to be woken by then is, each at its own time. */
const standing = (start: string) => {
  let now = Date.parse(start);
  let armed: { at: number; act: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    wake: (afterMs, act) => {
      const one = { at: now + afterMs, act };
      armed.push(one);
      return () => {
        armed = armed.filter((other) => other !== one);
      };
    },
  };
  const until = (to: string): void => {
    for (;;) {
      const [first] = armed.filter(({ at }) => at <= Date.parse(to)).sort((a, b) => a.at - b.at);
      if (first === undefined) break;
      armed = armed.filter((one) => one !== first);
      now = Math.max(now, first.at);
      first.act();
    }
    now = Date.parse(to);
  };
  /** The machine sleeps: time passes, and nothing is woken before its end. */
  const asleepUntil = (to: string): void => {
    now = Date.parse(to);
    until(to);
  };
  return { clock, until, asleepUntil, armed: () => armed.length };
};

type Standing = ReturnType<typeof standing>;

const wanted = (Name: string, ScheduleExpression: string, more: Partial<CreateScheduleCommandInput> = {}) => ({
  Name,
  GroupName: scheduleGroup,
  ScheduleExpression,
  FlexibleTimeWindow: { Mode: 'OFF' as const },
  Target: {
    Arn: functionArn('dispatch'),
    RoleArn: 'arn:aws:iam::000000000000:role/any',
    Input: JSON.stringify({ job: Name, slot: '<aws.scheduler.scheduled-time>' }),
  },
  ...more,
});

const named = (Name: string) => ({ Name, GroupName: scheduleGroup });

/** A service on virtual time, with a dispatch function that writes down what it gets, and the real client. */
const schedulerOn = async (time: Standing, dir = place(), more: Partial<ServiceOptions> = {}) => {
  const told: ServiceEvent[] = [];
  const note = (name: string) =>
    handler(dir, name, `appendFileSync(dir + '/${name}.got', JSON.stringify(event) + '\\n');`);
  const functions = { dispatch: note('dispatch'), watchman: note('watchman') };
  const tell = (event: ServiceEvent) => void told.push(event);
  const service: LocalService = await serviceOn(dir, functions, { clock: time.clock, tell, ...more });
  const client = new SchedulerClient(clientOptions(service.url));
  onTestFinished(() => client.destroy());
  const fired = () => told.flatMap((event) => (event.kind === 'fired' ? [event.slot.slice(11, 16)] : []));
  const got = async (name: string, count: number): Promise<unknown[]> => {
    const file = join(dir, `${name}.got`);
    const now = () => (existsSync(file) ? lines(file) : []);
    await expect.poll(() => now().length, { timeout: 10_000 }).toBeGreaterThanOrEqual(count);
    return now();
  };
  const create = (...args: Parameters<typeof wanted>) => client.send(new CreateScheduleCommand(wanted(...args)));
  return { dir, service, client, told, fired, got, create };
};

test('keeps a schedule as AWS does: with its defaults, its dates and the whole of its target', async () => {
  const time = standing('2026-11-22T07:00:00.250Z');
  const { client, create } = await schedulerOn(time);
  const StartDate = new Date('2026-12-01T00:00:00Z');
  const EndDate = new Date('2026-12-31T00:00:00Z');
  const { ScheduleArn } = await create('report', 'cron(0 8 * * ? *)', { StartDate, EndDate });
  expect(ScheduleArn).toBe(scheduleArn('report'));
  const { $metadata, ...found } = await client.send(new GetScheduleCommand(named('report')));
  const { Target, ...rest } = wanted('report', 'cron(0 8 * * ? *)', { StartDate, EndDate });
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

test('replaces a schedule as a whole, and moves the date of its change, not that of its creation', async () => {
  const time = standing('2026-11-22T07:00:00Z');
  const { client, create } = await schedulerOn(time);
  await create('report', 'rate(1 day)', { State: 'DISABLED', Description: 'daily' });
  time.until('2026-11-22T08:30:00Z');
  await client.send(new UpdateScheduleCommand(wanted('report', 'rate(2 days)')));
  const found = await client.send(new GetScheduleCommand(named('report')));
  expect(found).toMatchObject({ ScheduleExpression: 'rate(2 days)', State: 'ENABLED' });
  expect(found.Description).toBeUndefined();
  expect(found.CreationDate).toEqual(new Date('2026-11-22T07:00:00Z'));
  expect(found.LastModificationDate).toEqual(new Date('2026-11-22T08:30:00Z'));
});

test('refuses what AWS refuses, by its names', async () => {
  const { client, create } = await schedulerOn(standing('2026-11-22T07:00:00Z'));
  await create('report', 'rate(1 day)');
  const refused = async (sent: Promise<unknown>) =>
    sent.then(
      () => 'taken',
      ({ name, message }) => `${name}: ${message}`,
    );
  expect(await refused(create('report', 'rate(1 day)'))).toBe('ConflictException: Schedule report already exists.');
  const missing = 'ResourceNotFoundException: Schedule nobody does not exist.';
  expect(await refused(client.send(new GetScheduleCommand(named('nobody'))))).toBe(missing);
  expect(await refused(client.send(new DeleteScheduleCommand(named('nobody'))))).toBe(missing);
  expect(await refused(client.send(new UpdateScheduleCommand(wanted('nobody', 'rate(1 day)'))))).toBe(missing);
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

test('takes a creation that is sent again for the same one', async () => {
  const time = standing('2026-11-22T07:00:00Z');
  const { client, create } = await schedulerOn(time);
  await create('report', 'rate(1 day)', { ClientToken: 'once' });
  time.until('2026-11-22T07:00:30Z');
  await create('report', 'rate(1 day)', { ClientToken: 'once' });
  const { CreationDate } = await client.send(new GetScheduleCommand(named('report')));
  expect(CreationDate).toEqual(new Date('2026-11-22T07:00:00Z'));
});

test('lists schedules by page, beginning and state', async () => {
  const { client, create } = await schedulerOn(standing('2026-11-22T07:00:00Z'));
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

test('fires each slot once, on time, with the words of EventBridge filled in', async () => {
  const time = standing('2026-11-22T07:00:30Z');
  const { service, create, got, fired, told } = await schedulerOn(time);
  await create('report', 'cron(0/5 * * * ? *)');
  service.timer.start();
  time.until('2026-11-22T07:04:59Z');
  expect(told).toEqual([]);
  time.until('2026-11-22T07:15:00Z');
  expect(fired()).toEqual(['07:05', '07:10', '07:15']);
  const slots = await got('dispatch', 3);
  expect(slots).toHaveLength(3);
  expect(slots).toContainEqual({ job: 'report', slot: '2026-11-22T07:05:00Z' });
  expect(time.armed()).toBe(1);
});

test('fires nothing while nobody has started it, and what was due meanwhile is passed over', async () => {
  const time = standing('2026-11-22T07:00:30Z');
  const { service, create, told, fired } = await schedulerOn(time);
  await create('report', 'cron(* * * * ? *)');
  time.until('2026-11-22T07:10:30Z');
  expect(told).toEqual([]);
  service.timer.start();
  const span = { first: '2026-11-22T07:01:00Z', last: '2026-11-22T07:09:00Z' };
  expect(told[0]).toEqual({ kind: 'passed-over', schedule: 'report', count: 9, more: false, ...span });
  expect(fired()).toEqual(['07:10']);
  service.timer.stop();
  time.until('2026-11-22T07:12:00Z');
  expect(fired()).toEqual(['07:10']);
});

test('fires a rate when it is made and then by elapsed time, and a changed one no more by its old time', async () => {
  const time = standing('2026-11-22T07:00:30Z');
  const { service, client, create, fired } = await schedulerOn(time);
  service.timer.start();
  await create('report', 'rate(10 minutes)');
  expect(fired()).toEqual(['07:00']);
  time.until('2026-11-22T07:15:00Z');
  expect(fired()).toEqual(['07:00', '07:10']);
  await client.send(new UpdateScheduleCommand(wanted('report', 'cron(17 7 * * ? *)')));
  time.until('2026-11-22T07:30:00Z');
  expect(fired()).toEqual(['07:00', '07:10', '07:17']);
});

test('fires none of a schedule that is disabled or deleted', async () => {
  const time = standing('2026-11-22T07:00:30Z');
  const { service, client, create, fired } = await schedulerOn(time);
  service.timer.start();
  await create('report', 'cron(* * * * ? *)');
  time.until('2026-11-22T07:01:30Z');
  await client.send(new UpdateScheduleCommand(wanted('report', 'cron(* * * * ? *)', { State: 'DISABLED' })));
  time.until('2026-11-22T07:05:30Z');
  await client.send(new UpdateScheduleCommand(wanted('report', 'cron(* * * * ? *)')));
  time.until('2026-11-22T07:06:30Z');
  await client.send(new DeleteScheduleCommand(named('report')));
  time.until('2026-11-22T07:09:00Z');
  expect(fired()).toEqual(['07:01', '07:06']);
});

test('removes a one-time schedule after it has fired, if it was asked to', async () => {
  const time = standing('2026-11-22T07:00:30Z');
  const { service, client, create, fired } = await schedulerOn(time);
  service.timer.start();
  await create('once', 'at(2026-11-22T08:01:00)', {
    ScheduleExpressionTimezone: 'Europe/Amsterdam',
    ActionAfterCompletion: 'DELETE',
  });
  await create('kept', 'at(2026-11-22T07:01:00)');
  await create('past', 'at(2026-11-22T06:00:00)');
  time.until('2026-11-22T08:30:00Z');
  expect(fired()).toEqual(['07:01', '07:01']);
  const { Schedules = [] } = await client.send(new ListSchedulesCommand({}));
  expect(Schedules.map(({ Name }) => Name)).toEqual(['kept', 'past']);
});

test('keeps within StartDate and EndDate, and counts a rate from the start', async () => {
  const time = standing('2026-11-22T07:00:30Z');
  const { service, create, fired } = await schedulerOn(time);
  service.timer.start();
  const bounds = { StartDate: new Date('2026-11-22T07:03:00Z'), EndDate: new Date('2026-11-22T07:07:00Z') };
  await create('report', 'rate(2 minutes)', bounds);
  time.until('2026-11-22T08:00:00Z');
  expect(fired()).toEqual(['07:03', '07:05', '07:07']);
});

test('skips a local time that does not exist and fires one that comes twice once, as EventBridge does', async () => {
  const time = standing('2026-03-28T12:00:00Z');
  const { service, create, told } = await schedulerOn(time);
  service.timer.start();
  await create('report', 'cron(30 2 * * ? *)', { ScheduleExpressionTimezone: 'Europe/Amsterdam' });
  time.until('2026-03-30T12:00:00Z');
  time.asleepUntil('2026-10-24T12:00:00Z');
  time.until('2026-10-26T12:00:00Z');
  const slots = told.flatMap((event) => (event.kind === 'fired' ? [event.slot] : []));
  expect(slots).toEqual(['2026-03-30T00:30:00Z', '2026-10-25T00:30:00Z', '2026-10-26T01:30:00Z']);
});

test('notices that the machine slept: what was due is passed over, the watchman looks at once and then each minute', async () => {
  const time = standing('2026-11-22T07:00:30Z');
  const rules = [{ function: 'watchman', everyMs: 60_000 }];
  const { service, create, told, fired, got } = await schedulerOn(time, place(), { rules });
  await create('report', 'cron(* * * * ? *)');
  service.timer.start();
  time.until('2026-11-22T07:02:10Z');
  time.asleepUntil('2026-11-22T09:00:20Z');
  const slept = { kind: 'slept', from: '2026-11-22T07:02:00Z', to: '2026-11-22T09:00:20Z' };
  const span = { first: '2026-11-22T07:03:00Z', last: '2026-11-22T08:59:00Z' };
  const passed = { kind: 'passed-over', schedule: 'report', count: 117, more: false, ...span };
  expect(told.filter(({ kind }) => kind === 'slept' || kind === 'passed-over')).toEqual([slept, passed]);
  expect(fired()).toEqual(['07:01', '07:02', '09:00']);
  time.until('2026-11-22T09:01:30Z');
  const looks = (await got('watchman', 4)) as { time: string }[];
  expect(looks.map(({ time: at }) => at.slice(11)).sort()).toEqual([
    '07:00:30Z',
    '07:01:30Z',
    '09:00:20Z',
    '09:01:20Z',
  ]);
  expect(looks[0]).toMatchObject({ source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} });
});

test('goes on after a restart where it was: no slot is fired twice, none of the last minute is lost', async () => {
  const time = standing('2026-11-22T07:00:30Z');
  const first = await schedulerOn(time);
  await first.create('report', 'cron(* * * * ? *)');
  first.service.timer.start();
  time.until('2026-11-22T07:02:00Z');
  await first.service.close();
  time.until('2026-11-22T07:03:40Z');
  const second = await schedulerOn(time, first.dir);
  second.service.timer.start();
  expect([...first.fired(), ...second.fired()]).toEqual(['07:01', '07:02', '07:03']);
  const { CreationDate } = await second.client.send(new GetScheduleCommand(named('report')));
  expect(CreationDate).toEqual(new Date('2026-11-22T07:00:30Z'));
});

test('sets a damaged file aside, says so, and keeps the other schedules', async () => {
  const time = standing('2026-11-22T07:00:30Z');
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
