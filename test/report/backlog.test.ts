import { describe, expect, test } from 'vitest';
import { backfillPlan } from '../../infra/cli/command/backfill-plan.ts';
import { concurrently } from '../../infra/cli/command/concurrently.ts';
import { backlog, standIns } from '../../lib/report/backlog.ts';
import type { Run } from '../../lib/run/run.ts';
import type { Due } from '../../lib/schedule/calendar.ts';
import { failed, runOf, skip, succeeded } from '../kit/explained.ts';
import { job } from '../kit/job.ts';

const now = new Date('2026-11-25T10:00:00Z');
const zone = 'Europe/Amsterdam';

describe('a backlog', () => {
  const report = job({ schedule: { cron: '0 * * * ? *' } });
  const hour = (number: number) => `2026-11-25T0${number}:00:00Z`;
  const due = (...hours: number[]): Due[] => hours.map((number) => ({ slot: hour(number), by: 'schedule' }));
  const run = (number: number, outcome: Run['outcome'], more: Partial<Run> = {}) =>
    runOf(report, hour(number), outcome, more);

  test('contains every slot without a success, oldest first', () => {
    const runs = [run(1, succeeded(hour(1))), run(2, failed(hour(2))), run(3, skip(hour(3), { why: 'paused' }))];
    expect(backlog(due(1, 2, 3, 4), runs)).toMatchObject({
      done: 1,
      todo: [2, 3, 4].map((number) => ({ slot: hour(number), suffix: 'backfill' })),
    });
  });

  test('counts the success of a backfill, a retry or a covering run, and of no other run', () => {
    const runs = [
      run(1, succeeded(hour(1)), { suffix: 'backfill-2' }),
      run(2, succeeded(hour(2)), { suffix: 'retry-1' }),
      run(3, skip(hour(3), { why: 'caught-up', by: run(9, null).id })),
      run(9, succeeded(hour(9)), { slots: [hour(3), hour(9)] }),
      run(4, succeeded(hour(4)), { suffix: 'manual' }),
    ];
    expect(backlog(due(1, 2, 3, 4), runs)).toMatchObject({ done: 3, todo: [{ slot: hour(4), suffix: 'backfill' }] });
    expect(standIns(runs.filter(({ slot }) => slot < hour(9)))).toEqual([run(9, null).id]);
    expect(standIns(runs)).toEqual([]);
  });

  test('continues an earlier backfill, retries its failures and leaves out open runs', () => {
    const going = run(1, null, { suffix: 'backfill' });
    const runs = [going, run(2, failed(hour(2)), { suffix: 'backfill' }), run(3, null)];
    expect(backlog(due(1, 2, 3), runs)).toEqual({
      todo: [{ slot: hour(2), suffix: 'backfill-2' }],
      going: [going],
      done: 0,
      excluded: 0,
      busy: 1,
    });
  });

  test('omits the slots that the calendar skips', () => {
    expect(backlog([{ slot: hour(1), by: 'schedule', skip: 'excluded' }], [])).toMatchObject({ excluded: 1, todo: [] });
  });

  test('covers a past range of limited size, both ends included', async () => {
    const local = job({ schedule: { cron: '0 * * * ? *', timezone: zone } });
    const of = (from: string, to?: string, limit = 5) =>
      backfillPlan(local, { from, ...(to !== undefined && { to }), limit }, now, undefined);
    const slots = (await of('08:00', '10:00')).left.todo.map(({ slot }) => slot);
    expect(slots).toEqual(['2026-11-25T07:00:00Z', '2026-11-25T08:00:00Z', '2026-11-25T09:00:00Z']);
    expect(await of('08:00')).toMatchObject({ slots: 4, to: now });
    expect(await of('08:00', '2026-11-26')).toMatchObject({ slots: 4, to: now });
    await expect(of('2020-01-01')).rejects.toThrow('--from: found more than 5 slots up to --to; --limit allows more');
    await expect(of('08:00', '07:00')).rejects.toThrow('--to: found "07:00", expected a time after --from, "08:00"');
    await expect(of('12:00')).rejects.toThrow('--from: found "12:00", expected a time that has passed');
  });
});

describe('concurrent tasks', () => {
  test('run in order, up to the given number at a time', async () => {
    const [begun, open]: [number[], (() => void)[]] = [[], []];
    const working = concurrently([1, 2, 3], 2, (task) => {
      begun.push(task);
      return new Promise((resolve) => open.push(resolve));
    });
    expect(begun).toEqual([1, 2]);
    open[0]?.();
    await expect.poll(() => begun).toEqual([1, 2, 3]);
    for (const end of open) end();
    await working;
  });

  test('stop after an error, which is thrown when the running tasks have ended', async () => {
    const begun: number[] = [];
    let end = () => {};
    const working = concurrently([1, 2, 3, 4], 2, async (task) => {
      begun.push(task);
      if (task === 1) throw new Error('no such job');
      await new Promise<void>((resolve) => {
        end = resolve;
      });
    });
    const told = expect(working).rejects.toThrow('no such job');
    await Promise.resolve();
    end();
    await told;
    expect(begun).toEqual([1, 2]);
  });
});
