import {
  DeleteScheduleCommand,
  GetScheduleCommand,
  ListSchedulesCommand,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import { expect, test } from 'vitest';
import { manualClock, scheduleInput, scheduleKey, schedulerOn } from '../kit/manual-clock.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';

test('the local timer fires each slot once, on time, with the context words of EventBridge filled in', async () => {
  const time = manualClock('2026-11-22T07:00:30Z');
  const { service, create, got, fired, events } = await schedulerOn(time);
  await create('report', 'cron(0/5 * * * ? *)');
  service.timer.start();
  time.until('2026-11-22T07:04:59Z');
  expect(events).toEqual([]);
  time.until('2026-11-22T07:15:00Z');
  expect(fired()).toEqual(['07:05', '07:10', '07:15']);
  const slots = await got('dispatch', 3);
  expect(slots).toHaveLength(3);
  expect(slots).toContainEqual({ job: 'report', slot: '2026-11-22T07:05:00Z' });
  expect(time.armed()).toBe(1);
});

test('the local timer fires nothing before it starts, and skips the slots due until then', async () => {
  const time = manualClock('2026-11-22T07:00:30Z');
  const { service, create, events, fired } = await schedulerOn(time);
  await create('report', 'cron(* * * * ? *)');
  time.until('2026-11-22T07:10:30Z');
  expect(events).toEqual([]);
  service.timer.start();
  const span = { first: '2026-11-22T07:01:00Z', last: '2026-11-22T07:09:00Z' };
  expect(events[0]).toEqual({ kind: 'passed-over', schedule: 'report', count: 9, more: false, ...span });
  expect(fired()).toEqual(['07:10']);
  service.timer.stop();
  time.until('2026-11-22T07:12:00Z');
  expect(fired()).toEqual(['07:10']);
});

test('the local timer fires a rate at its creation and then by elapsed time, and a changed rate only by its new times', async () => {
  const time = manualClock('2026-11-22T07:00:30Z');
  const { service, client, create, fired } = await schedulerOn(time);
  service.timer.start();
  await create('report', 'rate(10 minutes)');
  expect(fired()).toEqual(['07:00']);
  expect(time.armed()).toBe(1);
  time.until('2026-11-22T07:15:00Z');
  expect(fired()).toEqual(['07:00', '07:10']);
  await client.send(new UpdateScheduleCommand(scheduleInput('report', 'cron(17 7 * * ? *)')));
  time.until('2026-11-22T07:30:00Z');
  expect(fired()).toEqual(['07:00', '07:10', '07:17']);
});

test('the local timer fires no disabled or deleted schedule', async () => {
  const time = manualClock('2026-11-22T07:00:30Z');
  const { service, client, create, fired } = await schedulerOn(time);
  service.timer.start();
  await create('report', 'cron(* * * * ? *)');
  time.until('2026-11-22T07:01:30Z');
  await client.send(new UpdateScheduleCommand(scheduleInput('report', 'cron(* * * * ? *)', { State: 'DISABLED' })));
  time.until('2026-11-22T07:05:30Z');
  await client.send(new UpdateScheduleCommand(scheduleInput('report', 'cron(* * * * ? *)')));
  time.until('2026-11-22T07:06:30Z');
  await client.send(new DeleteScheduleCommand(scheduleKey('report')));
  time.until('2026-11-22T07:09:00Z');
  expect(fired()).toEqual(['07:01', '07:06']);
});

test('the local timer removes a one-time schedule after it has fired, if requested', async () => {
  const time = manualClock('2026-11-22T07:00:30Z');
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

test('the local timer keeps within StartDate and EndDate, and counts a rate from its start', async () => {
  const time = manualClock('2026-11-22T07:00:30Z');
  const { service, create, fired } = await schedulerOn(time);
  service.timer.start();
  const bounds = { StartDate: new Date('2026-11-22T07:03:00Z'), EndDate: new Date('2026-11-22T07:07:00Z') };
  await create('report', 'rate(2 minutes)', bounds);
  await create('other', 'cron(0/2 7 * * ? *)', bounds);
  time.until('2026-11-22T08:00:00Z');
  expect(fired()).toEqual(['07:03', '07:04', '07:05', '07:06', '07:07']);
});

test('the local timer skips a local time that does not exist and fires a repeated one once, as EventBridge does', async () => {
  const time = manualClock('2026-03-28T12:00:00Z');
  const { service, create, events } = await schedulerOn(time);
  service.timer.start();
  await create('report', 'cron(30 2 * * ? *)', { ScheduleExpressionTimezone: 'Europe/Amsterdam' });
  time.until('2026-03-30T12:00:00Z');
  time.asleepUntil('2026-10-24T12:00:00Z');
  time.until('2026-10-26T12:00:00Z');
  const slots = events.flatMap((event) => (event.kind === 'fired' ? [event.slot] : []));
  expect(slots).toEqual(['2026-03-30T00:30:00Z', '2026-10-25T00:30:00Z', '2026-10-26T01:30:00Z']);
});

test('the local timer skips the slots due while the machine slept, and wakes the watchman at once and then each minute', async () => {
  const time = manualClock('2026-11-22T07:00:30Z');
  const rules = [{ function: 'watchman', everyMs: 60_000 }];
  const { service, create, events, fired, got } = await schedulerOn(time, temporaryDirectory(), { rules });
  await create('report', 'cron(* * * * ? *)');
  service.timer.start();
  time.until('2026-11-22T07:02:10Z');
  time.asleepUntil('2026-11-22T09:00:20Z');
  const slept = { kind: 'slept', from: '2026-11-22T07:02:00Z', to: '2026-11-22T09:00:20Z' };
  const span = { first: '2026-11-22T07:03:00Z', last: '2026-11-22T08:59:00Z' };
  const passed = { kind: 'passed-over', schedule: 'report', count: 117, more: false, ...span };
  expect(events.filter(({ kind }) => kind === 'slept' || kind === 'passed-over')).toEqual([slept, passed]);
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

test('the local timer soon notices a sleep that also suspended its timers', async () => {
  const time = manualClock('2026-11-22T07:00:30Z');
  const { service, create, events, fired } = await schedulerOn(time);
  await create('report', 'cron(0 8 * * ? *)');
  service.timer.start();
  time.stoppedUntil('2026-11-22T08:00:20Z');
  expect(events).toEqual([]);
  time.until('2026-11-22T08:00:40Z');
  expect(events[0]).toMatchObject({ kind: 'slept', from: '2026-11-22T07:00:30Z' });
  expect(fired()).toEqual(['08:00']);
});

test('the local timer continues after a restart: it fires no slot twice, and loses none of the last minute', async () => {
  const time = manualClock('2026-11-22T07:00:30Z');
  const first = await schedulerOn(time);
  await first.create('report', 'cron(* * * * ? *)');
  first.service.timer.start();
  time.until('2026-11-22T07:02:00Z');
  await first.service.close();
  time.until('2026-11-22T07:03:40Z');
  const second = await schedulerOn(time, first.dir);
  second.service.timer.start();
  expect([...first.fired(), ...second.fired()]).toEqual(['07:01', '07:02', '07:03']);
  const { CreationDate } = await second.client.send(new GetScheduleCommand(scheduleKey('report')));
  expect(CreationDate).toEqual(new Date('2026-11-22T07:00:30Z'));
});
