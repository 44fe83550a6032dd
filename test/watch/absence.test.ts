import { describe, expect, test } from 'vitest';
import { Failure } from '../../lib/failure.ts';
import { rangeOf } from '../../lib/watch/slot-range.ts';
import { watch } from '../../lib/watch/watchman.ts';
import { deploymentOf } from '../kit/deployment.ts';
import { job } from '../kit/job.ts';
import { outcomeLines, service } from '../kit/watch.ts';

type Service = Awaited<ReturnType<typeof service>>;

const start = '2025-11-22T06:30:00Z';
const back = '2026-11-22T12:03:30Z';
const newest = '2026-11-22T12:00:00Z';
const idOf = (slot: string) => `report_${slot.replaceAll(/[-:]/g, '')}`;
const minutely = (more: Record<string, unknown> = {}) => job({ schedule: { cron: '* * * * ? *' }, ...more });

const watched = async (declared = minutely()): Promise<Service> => {
  const one = await service(declared, start);
  await one.look();
  return one;
};

/** The slots of the last hours without a run and outside of every range. */
const lost = async ({ stores }: Service, minutes: number): Promise<string[]> => {
  const runs = new Set((await stores.runs.byJob('report', { limit: 5000 })).map(({ slot }) => slot));
  const slots = Array.from({ length: minutes }, (_, at) =>
    new Date(Date.parse(newest) - at * 60_000).toJSON().replace('.000', ''),
  );
  const found = await Promise.all(
    slots.map(async (slot) => (runs.has(slot) || (await rangeOf('report', slot, stores.ranges)) ? [] : [slot])),
  );
  return found.flat();
};

describe('the watchman, after a year away from a job of every minute,', () => {
  test('starts the newest slot at the first check, and has an outcome for each other', async () => {
    const one = await watched();
    one.at(back);
    const closed = { from: '2025-11-22T06:31:00Z', to: '2026-11-22T03:40:00Z' };
    expect(await one.look()).toMatchObject({ closed, started: [newest], missed: [], left: undefined });
    expect((await one.stores.checkpoints.get('report'))?.accountedUpTo).toBe('2026-11-22T12:00:30Z');
    expect(await lost(one, 2000)).toEqual([]);
    expect((await one.runs()).at(-1)).toMatchObject({ slot: newest, outcome: null });
    expect((await one.runs()).at(-1)?.slots).toHaveLength(500);
    expect(await one.look()).toMatchObject({ closed: undefined, started: [] });
  });

  test('reads and writes no more than after a day', async () => {
    const calls = async (away: string) => {
      const one = await watched();
      one.at(away);
      const { seen, stores } = counting(one);
      await watch([one.world.job], { ...one.deps, stores });
      return seen.calls;
    };
    expect(await calls(back)).toBe(await calls('2025-11-23T06:33:30Z'));
  });

  test('keeps the run of a slot that was delivered meanwhile', async () => {
    const one = await watched();
    for (const slot of ['2026-03-01T09:00:00Z', '2026-11-22T11:00:00Z']) {
      one.at(slot);
      await one.deliver(slot);
      await one.ends(idOf(slot));
    }
    one.at(back);
    expect(await one.look()).toMatchObject({ started: [newest] });
    const ran = outcomeLines(await one.runs()).filter((line) => line.endsWith('succeeded'));
    expect(ran).toEqual(['2026-03-01T09:00:00Z succeeded', '2026-11-22T11:00:00Z succeeded']);
  });

  test('records nothing as missed or due that the calendar does not know', async () => {
    const one = await watched(minutely({ enabled: false }));
    one.at(back);
    expect(await one.look()).toMatchObject({ closed: undefined, started: [] });
    expect(await one.stores.ranges.byJob('report', { to: newest, limit: 5 })).toEqual([]);
  });

  test('goes on with the slots that may still run, oldest first, where each is caught up', async () => {
    const one = await watched(minutely({ catchUp: { policy: 'all', withinSeconds: 86_400 } }));
    one.at(back);
    const oldest = '2026-11-21T12:04:00Z';
    expect(await one.look()).toMatchObject({
      closed: { to: '2026-11-21T12:03:29Z' },
      started: [oldest],
      left: '2026-11-21T12:05:00Z',
    });
    await one.ends(idOf(oldest));
    expect(await one.look()).toMatchObject({ closed: undefined, started: ['2026-11-21T12:05:00Z'] });
    expect((await one.stores.checkpoints.get('report'))?.accountedUpTo).toBe('2026-11-21T12:05:59Z');
  });

  test('judges few slots one by one, however long it was away', async () => {
    const one = await watched(job({ schedule: { cron: '0 9 * * ? *' }, catchUp: { policy: 'none' } }));
    one.at(back);
    const { missed, closed } = await one.look();
    expect([missed.length, closed]).toEqual([366, undefined]);
  });
});

/** The stores of a watchman whose calls are counted, and whose call with the number `fatal` kills it. */
const counting = ({ stores }: Service, fatal = 0) => {
  const seen = { calls: 0 };
  const counted = <T extends object>(store: T): T =>
    new Proxy(store, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        return async (...given: unknown[]) => {
          seen.calls += 1;
          if (seen.calls === fatal) throw new Failure('StoreUnavailable', 'killed');
          return method(...given);
        };
      },
    });
  const each = Object.entries(stores).map(([name, store]) => [name, counted(store)]);
  return { seen, stores: Object.fromEntries(each) as typeof stores };
};

describe('a watchman that dies after a long absence', async () => {
  const away = '2026-11-21T00:00:30Z';
  const returned = async () => {
    const one = await service(minutely(), away);
    await one.look();
    one.at(back);
    return one;
  };
  const whole = await returned();
  const { seen, stores } = counting(whole);
  await watch([whole.world.job], { ...whole.deps, stores });
  // In the middle the same calls are made for each slot.
  const fatal = [
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    10,
    400,
    401,
    ...[9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map((left) => seen.calls - left),
  ];

  test.each(fatal)('at call %i loses no slot, and the next check ends its work', async (call) => {
    const one = await returned();
    const dying = watch([one.world.job], { ...one.deps, stores: counting(one, call).stores });
    await expect(dying).rejects.toMatchObject({ name: 'StoreUnavailable' });
    await one.look();
    for (const run of (await one.runs()).filter(({ outcome }) => outcome === null)) await one.ends(run.id);
    await one.look();
    const runs = await one.runs();
    expect(await lost(one, 60 * 36)).toEqual([]);
    expect(runs.filter(({ outcome }) => outcome === null)).toEqual([]);
    const covered = runs.flatMap(({ outcome }) => (outcome?.status === 'skipped' ? [outcome.by] : []));
    expect(new Set(covered)).toEqual(new Set([idOf(newest)]));
  });
});

test('a range goes on where an earlier check began it and died', async () => {
  const one = await watched();
  one.at(back);
  const { stores } = one;
  const failing = { ...stores.checkpoints, put: () => Promise.reject(new Failure('StoreUnavailable', 'killed')) };
  await expect(
    watch([one.world.job], { ...one.deps, stores: { ...stores, checkpoints: failing } }),
  ).rejects.toMatchObject({ name: 'StoreUnavailable' });
  one.at('2026-11-22T13:03:30Z');
  await one.look();
  expect(await stores.ranges.byJob('report', { to: newest, limit: 5 })).toMatchObject([
    { from: '2025-11-22T06:31:00Z', to: '2026-11-22T04:40:00Z', version: 2 },
  ]);
});

test('a rate counts from its schedule, also if it was changed while the watchman was away', async () => {
  const one = await watched(job({ schedule: { rate: '1 minute' } }));
  const changed = job({ schedule: { rate: '7 minutes' } });
  const at = '2026-06-01T00:00:10Z';
  one.world.job = changed;
  one.world.deployed = deploymentOf(changed, start, { modifiedAt: at });
  one.at(back);
  const { started } = await one.look();
  const since = (Date.parse(started[0] ?? '') - Date.parse(at)) / 60_000;
  expect([started.length, since % 7]).toEqual([1, 0]);
});
