import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CreateScheduleCommand, type CreateScheduleCommandInput, SchedulerClient } from '@aws-sdk/client-scheduler';
import { expect, onTestFinished } from 'vitest';
import { functionArn, scheduleGroup } from '../../infra/local/arn.ts';
import type { LocalService, ServiceEvent, ServiceOptions } from '../../infra/local/daemon/service.ts';
import type { Clock } from '../../infra/local/scheduler/clock.ts';
import { clientOptions, handler, lines, serviceOn } from './local-service.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** A clock that a test moves. `until` fires each timer due by that instant, at its own time. */
export const manualClock = (start: string) => {
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
  /** Simulates sleep of the machine: time passes, and timers fire only after it. */
  const asleepUntil = (to: string): void => {
    now = Date.parse(to);
    until(to);
  };
  /** Simulates sleep that timers do not count: each keeps its remaining wait. */
  const stoppedUntil = (to: string): void => {
    const slept = Date.parse(to) - now;
    armed = armed.map((one) => ({ ...one, at: one.at + slept }));
    now += slept;
  };
  return { clock, until, asleepUntil, stoppedUntil, armed: () => armed.length };
};

export type ManualClock = ReturnType<typeof manualClock>;

/** The input of a command that creates or updates a schedule of the dispatch function. */
export const scheduleInput = (
  Name: string,
  ScheduleExpression: string,
  more: Partial<CreateScheduleCommandInput> = {},
) => ({
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

export const scheduleKey = (Name: string) => ({ Name, GroupName: scheduleGroup });

/** A local service on a manual clock, with the real client. Its functions record their events. */
export const schedulerOn = async (
  time: ManualClock,
  dir = temporaryDirectory(),
  more: Partial<ServiceOptions> = {},
) => {
  const events: ServiceEvent[] = [];
  const note = (name: string) =>
    handler(dir, name, `appendFileSync(dir + '/${name}.got', JSON.stringify(event) + '\\n');`);
  const functions = { dispatch: note('dispatch'), watchman: note('watchman') };
  const onEvent = (event: ServiceEvent) => void events.push(event);
  const service: LocalService = await serviceOn(dir, functions, { clock: time.clock, onEvent, ...more });
  const client = new SchedulerClient(clientOptions(service.socket));
  onTestFinished(() => client.destroy());
  const fired = () => events.flatMap((event) => (event.kind === 'fired' ? [event.slot.slice(11, 16)] : []));
  const got = async (name: string, count: number): Promise<unknown[]> => {
    const file = join(dir, `${name}.got`);
    const now = () => (existsSync(file) ? lines(file) : []);
    await expect.poll(() => now().length).toBeGreaterThanOrEqual(count);
    return now();
  };
  const create = (...args: Parameters<typeof scheduleInput>) =>
    client.send(new CreateScheduleCommand(scheduleInput(...args)));
  return { dir, service, client, events, fired, got, create };
};
