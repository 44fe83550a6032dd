import { describe, expect, test } from 'vitest';
import { longestRunSeconds } from '../../lib/policy/lease.ts';
import type { Finding } from '../../lib/run/observer.ts';
import { watch } from '../../lib/watch/watchman.ts';
import { deploymentOf } from '../kit/deployment.ts';
import { job } from '../kit/job.ts';
import { outcomeLines, service } from '../kit/watch.ts';

const hourly = (more: Record<string, unknown> = {}) => job({ schedule: { cron: '0 * * * ? *' }, ...more });

const start = '2026-11-22T06:30:00Z';
const seven = '2026-11-22T07:00:00Z';
const id = (slot: string) => `report_${slot.replaceAll(/[-:]/g, '')}`;
const quiet: Finding = {
  ...{ missed: [], closed: undefined, covered: [], started: [], left: undefined },
  ...{ mended: [], drift: [], stale: false },
};

/** A job with a checkpoint of half past six. */
const watched = async (declared = hourly()) => {
  const one = await service(declared, start);
  expect(await one.look()).toEqual(quiet);
  return one;
};

describe('the watchman', () => {
  test('does nothing for a slot that was delivered', async () => {
    const { at, deliver, ends, look, runs } = await watched();
    at('2026-11-22T07:00:20Z');
    await deliver(seven);
    await ends(id(seven));
    at('2026-11-22T07:05:00Z');
    expect(await look()).toEqual(quiet);
    expect(outcomeLines(await runs())).toEqual([`${seven} succeeded`]);
  });

  test('leaves a slot alone while Scheduler may still deliver it', async () => {
    const { at, look, runs } = await watched();
    at('2026-11-22T07:02:59Z');
    expect(await look()).toEqual(quiet);
    expect(await runs()).toEqual([]);
  });

  test('starts a slot that was not delivered once, so that a late delivery is a duplicate', async () => {
    const { at, deliver, look, runs, world } = await watched();
    at('2026-11-22T07:05:00Z');
    expect(await look()).toEqual({ ...quiet, started: [seven] });
    expect(await look()).toEqual(quiet);
    expect(await deliver(seven)).toMatchObject({ status: 'duplicate' });
    expect(outcomeLines(await runs())).toEqual([`${seven} open`]);
    expect((await runs())[0]).toMatchObject({ origin: 'watchman', slots: [seven] });
    expect([...world.executions.keys()]).toEqual([id(seven)]);
  });

  test('records a slot that was not delivered as missed where the job has catchUp none', async () => {
    const { at, look, runs, world } = await watched(hourly({ catchUp: { policy: 'none' } }));
    at('2026-11-22T07:05:00Z');
    expect(await look()).toEqual({ ...quiet, missed: [seven] });
    const [run] = await runs();
    expect(run?.outcome).toMatchObject({ status: 'missed', message: expect.stringContaining('no delivery was seen') });
    expect(world.executions.size).toBe(0);
    expect(world.events).toContain(`recorded ${id(seven)} missed`);
  });
});

describe('the watchman, after an outage,', () => {
  const slots = ['07', '08', '09', '10'].map((hour) => `2026-11-22T${hour}:00:00Z`);
  const ten = slots.at(-1) ?? '';
  const eleven = '2026-11-22T11:00:00Z';

  test('starts one run that covers every slot, and each slot names it', async () => {
    const { at, look, runs } = await watched();
    at('2026-11-22T10:10:00Z');
    expect(await look()).toMatchObject({ started: [ten], covered: slots.slice(0, -1) });
    const all = await runs();
    expect(outcomeLines(all)).toEqual([
      ...slots.slice(0, -1).map((slot) => `${slot} skipped caught-up`),
      `${ten} open`,
    ]);
    expect(all.at(-1)).toMatchObject({ slots });
    for (const run of all.slice(0, -1)) expect(run.outcome).toMatchObject({ by: id(ten) });
  });

  test('starts every slot in turn, one run at a time, for a job with catchUp all', async () => {
    const { at, look, ends, runs } = await watched(hourly({ catchUp: { policy: 'all' } }));
    at('2026-11-22T10:10:00Z');
    expect(await look()).toMatchObject({ started: [slots[0]], left: slots[1] });
    expect(await look()).toMatchObject({ started: [], left: slots[1] });
    for (const [which, slot] of slots.entries()) {
      await ends(id(slot));
      expect(await look()).toMatchObject({ started: slots.slice(which + 1, which + 2) });
    }
    expect(outcomeLines(await runs())).toEqual(slots.map((slot) => `${slot} succeeded`));
  });

  test('records the slots older than catchUp.withinSeconds as missed', async () => {
    const { at, look, runs } = await watched(hourly({ catchUp: { withinSeconds: 7200 } }));
    at('2026-11-22T10:10:00Z');
    expect(await look()).toMatchObject({ missed: slots.slice(0, 2), covered: slots.slice(2, 3), started: [ten] });
    expect(outcomeLines(await runs())[0]).toBe(`${slots[0]} missed`);
  });

  test('starts one run for all slots, also when it is killed during a check', async () => {
    for (let killedAt = 1; killedAt <= 9; killedAt++) {
      const { at, deps, ends, look, runs, world } = await watched();
      at('2026-11-22T10:10:00Z');
      let calls = 0;
      const put: typeof deps.stores.runs.put = async (run) => {
        calls += 1;
        if (calls === killedAt) throw new Error('killed');
        await deps.stores.runs.put(run);
      };
      const dying = { ...deps, stores: { ...deps.stores, runs: { ...deps.stores.runs, put } } };
      await watch([world.job], dying).catch(() => undefined);
      at('2026-11-22T11:10:00Z');
      await look();
      const standing = (await runs()).filter(({ outcome }) => outcome === null);
      for (const run of standing) await ends(run.id);
      await look();
      const all = await runs();
      expect(all.map(({ slot }) => slot)).toEqual([...slots, eleven]);
      expect(all.flatMap(({ slots: those = [] }) => those).sort()).toEqual([...slots, eleven]);
    }
  });

  test.each([
    ['in one check', ['2026-11-22T10:05:00Z'], [[seven], slots.slice(1)]],
    [
      'in several checks',
      ['2026-11-22T08:05:00Z', '2026-11-22T09:05:00Z', '2026-11-22T10:05:00Z'],
      [[seven], slots.slice(1, 3), [ten]],
    ],
  ])('during a long run, covers with a later run every slot that it found %s', async (_, looks, stoodFor) => {
    const { at, deliver, ends, look, runs } = await watched();
    at('2026-11-22T07:00:20Z');
    await deliver(seven);
    for (const instant of looks) {
      at(instant);
      expect(await look()).toMatchObject({ started: [], left: slots[1] });
    }
    await ends(id(seven));
    at('2026-11-22T10:10:00Z');
    for (const run of (await runs()).filter(({ outcome }) => outcome === null)) await ends(run.id);
    await look();
    for (const run of (await runs()).filter(({ outcome }) => outcome === null)) await ends(run.id);
    await look();
    const all = await runs();
    expect(all.map(({ slot }) => slot)).toEqual(slots);
    const ran = all.filter(({ outcome }) => outcome?.status !== 'skipped');
    expect(ran.map(({ slot, slots: those = [slot] }) => those)).toEqual(stoodFor);
    for (const { outcome } of all)
      if (outcome?.status === 'skipped') expect(ran.map((run) => run.id)).toContain(outcome.by);
  });

  test('covers a slot that was refused during the check and is admitted now', async () => {
    const { at, ends, look, lookWhileResumed, runs } = await watched(hourly({ catchUp: { policy: 'all' } }));
    at('2026-11-22T10:05:00Z');
    await lookWhileResumed();
    for (const slot of slots) {
      await ends(id(slot));
      await look();
    }
    expect(outcomeLines(await runs())).toEqual(slots.map((slot) => `${slot} succeeded`));
  });

  test('skips every slot of a paused job as paused', async () => {
    const { at, deps, look, runs, stores } = await watched();
    await stores.states.put({
      ...(await import('../../lib/policy/job-state.ts')).freshState('report'),
      pauses: [{ by: 'ana', since: start, until: '2026-11-22T08:30:00Z', note: 'holiday' }],
      version: 1,
    });
    at('2026-11-22T10:10:00Z');
    expect(await look()).toMatchObject({ covered: [slots[2]], started: [ten] });
    expect(outcomeLines(await runs()).slice(0, 2)).toEqual(slots.slice(0, 2).map((slot) => `${slot} skipped paused`));
    expect(deps).toBeDefined();
  });
});

describe('the watchman at an open run', () => {
  const open = async () => {
    const one = await watched();
    one.at('2026-11-22T07:00:20Z');
    await one.deliver(seven);
    one.at('2026-11-22T07:10:00Z');
    return one;
  };

  test('leaves a run alone while its execution is running', async () => {
    const { look } = await open();
    expect(await look()).toEqual(quiet);
  });

  test.each([
    ['FAILED', 'ExecutionFailed'],
    ['TIMED_OUT', 'ExecutionTimedOut'],
    ['ABORTED', 'ExecutionAborted'],
  ] as const)('settles a run whose execution ended as %s without an event', async (status, failure) => {
    const { look, runs, stores, world } = await open();
    world.executions.set(id(seven), status);
    expect(await look()).toMatchObject({ mended: [{ run: id(seven), was: 'dead' }] });
    expect((await runs())[0]?.outcome).toMatchObject({ status: 'failed', failure });
    expect((await stores.states.get('report'))?.open).toEqual([]);
    expect(await look()).toEqual(quiet);
  });

  test('starts a run that was recorded and never started', async () => {
    const { look, world } = await open();
    world.executions.clear();
    expect(await look()).toMatchObject({ mended: [{ run: id(seven), was: 'idle' }] });
    expect(world.executions.get(id(seven))).toBe('running');
  });

  test('records and starts a run whose dispatch died between its lease and its item', async () => {
    const one = await watched();
    const { at, deps, look, runs, world } = one;
    at('2026-11-22T07:00:20Z');
    const put = () => Promise.reject(new Error('killed'));
    const dying = { ...deps, stores: { ...deps.stores, runs: { ...deps.stores.runs, put } } };
    const { dispatch } = await import('../../lib/lifecycle/dispatch.ts');
    await expect(dispatch({ job: 'report', slot: seven }, dying)).rejects.toThrow('killed');
    expect(await runs()).toEqual([]);
    at('2026-11-22T07:10:00Z');
    expect(await look()).toMatchObject({ mended: [{ run: id(seven), was: 'lost' }] });
    expect(outcomeLines(await runs())).toEqual([`${seven} open`]);
    expect(world.executions.get(id(seven))).toBe('running');
  });

  test('settles a run that is open past its lease, stops its execution, and lets the job go on', async () => {
    const { at, deliver, look, runs, world } = await open();
    const later = new Date(Date.parse(seven) + longestRunSeconds(hourly()) * 1000 + 60_000);
    at(later.toJSON());
    expect((await look()).mended).toContainEqual({ run: id(seven), was: 'stuck' });
    expect((await runs())[0]?.outcome).toMatchObject({ status: 'failed', failure: 'ExecutionTimedOut' });
    expect(world.stopped).toEqual([id(seven)]);
    const slot = `${later.toJSON().slice(0, 13)}:00:00Z`;
    expect(await deliver(slot)).toMatchObject({ run: id(slot) });
  });

  test('releases a run that ended without its release', async () => {
    const { deps, look, stores } = await open();
    const put = () => Promise.reject(new Error('killed'));
    const { settle } = await import('../../lib/lifecycle/settle.ts');
    const dying = { ...deps, stores: { ...deps.stores, states: { ...deps.stores.states, put } } };
    await expect(settle({ died: { runId: id(seven), status: 'FAILED' } }, dying)).rejects.toThrow('killed');
    expect((await stores.states.get('report'))?.open).toHaveLength(1);
    await look();
    expect(await stores.states.get('report')).toMatchObject({ open: [], streak: -1 });
  });

  test('starts the queued run of a job without an open run', async () => {
    const one = await watched(hourly({ overlap: 'queue-one' }));
    const { at, deliver, look, runs, stores, world } = one;
    const eight = '2026-11-22T08:00:00Z';
    at('2026-11-22T07:00:20Z');
    await deliver(seven);
    at('2026-11-22T08:00:20Z');
    expect(await deliver(eight)).toMatchObject({ status: 'queued' });
    const state = await stores.states.get('report');
    if (state) await stores.states.put({ ...state, open: [], version: state.version + 1 });
    await look();
    expect(world.executions.get(id(eight))).toBe('running');
    expect(outcomeLines(await runs()).at(-1)).toBe(`${eight} open`);
  });
});

describe('the watchman at a deployed schedule', () => {
  test('starts the slots of a missing schedule', async () => {
    const { at, look, world } = await service(hourly(), '2026-11-22T09:30:00Z');
    await look();
    world.deployed = undefined;
    at('2026-11-22T10:05:00Z');
    expect((await look()).started).toEqual(['2026-11-22T10:00:00Z']);
  });

  test('reports a missing, disabled or changed schedule as drift', async () => {
    const { at, look, world } = await service(hourly(), '2026-11-22T09:30:00Z');
    await look();
    const wrong: [Parameters<typeof deploymentOf>[2] | undefined, string][] = [
      [undefined, 'the schedule is missing'],
      [{ enabled: false }, 'the schedule is disabled, and the job file says it is not'],
      [{ expression: 'cron(0 9 * * ? *)' }, 'expression: found cron(0 9 * * ? *), expected cron(0 * * * ? *)'],
      [{ timezone: 'Europe/Oslo' }, 'timezone: found Europe/Oslo, expected UTC'],
      [{ start: '2030-01-01T00:00:00Z' }, 'start: found 2030-01-01T00:00:00.000Z, expected none'],
      [{ end: '2026-11-22T12:00:00Z' }, 'end: found 2026-11-22T12:00:00.000Z, expected none'],
    ];
    for (const [hour, [more, said]] of wrong.entries()) {
      world.deployed = more && deploymentOf(world.job, start, more);
      at(`2026-11-22T1${hour}:05:00Z`);
      expect((await look()).drift).toEqual([said]);
    }
  });

  test('accepts a schedule without its start once that has passed, and requires the end of its job file', async () => {
    const bounds = { start: '2026-11-22T07:30:00', end: '2026-11-22T23:00:00' };
    const { at, look, world } = await service(job({ schedule: { cron: '0 * * * ? *', ...bounds } }), start);
    const without = { start: 'start: found none, expected 2026-11-22T07:30:00.000Z', end: 'end: found none, expected' };
    for (const field of ['start', 'end'] as const) {
      world.deployed = deploymentOf(world.job, start, { [field]: undefined });
      expect((await look()).drift).toEqual([expect.stringContaining(without[field])]);
    }
    at('2026-11-22T07:30:00Z');
    for (const passed of [undefined, '2026-11-22T07:30:00Z', '2026-11-01T00:00:00Z']) {
      world.deployed = deploymentOf(world.job, start, { start: passed });
      expect((await look()).drift).toEqual([]);
    }
  });

  test('reports the schedule of a disabled job only while it still fires', async () => {
    const { look, world } = await service(hourly({ enabled: false }), start);
    world.deployed = undefined;
    expect((await look()).drift).toEqual([]);
    world.deployed = deploymentOf(world.job, start);
    expect((await look()).drift).toEqual(['the schedule is enabled, and the job file says enabled: false']);
  });

  test('expects the old slots up to a change of the schedule and the new slots after it', async () => {
    const { at, look, runs, world } = await watched();
    world.job = job({ schedule: { cron: '30 * * * ? *' } });
    world.deployed = deploymentOf(world.job, start, { modifiedAt: '2026-11-22T08:10:00Z' });
    at('2026-11-22T10:00:00Z');
    await look();
    expect((await runs()).map(({ slot }) => slot)).toEqual([
      '2026-11-22T07:00:00Z',
      '2026-11-22T08:00:00Z',
      '2026-11-22T08:30:00Z',
      '2026-11-22T09:30:00Z',
    ]);
  });

  test('reports no drift of a schedule for a quarter of an hour after a deploy', async () => {
    const { at, look, runs, world } = await watched();
    const old = world.deployed;
    world.job = job({ schedule: { cron: '30 * * * ? *' } });
    world.deployed = old;
    at('2026-11-22T07:10:00Z');
    await look();
    expect(await runs()).toEqual([]);
    at('2026-11-22T07:40:00Z');
    await look();
    expect((await runs()).map(({ slot }) => slot)).toEqual(['2026-11-22T07:00:00Z', '2026-11-22T07:30:00Z']);
  });
});

describe('the watchman, for a schedule that Scheduler can never fire,', () => {
  const gap = { timezone: 'Europe/Amsterdam', dst: { gap: 'after' } };

  test.each([[{ cron: '30 2 ? MAR 1L *', ...gap }], [{ at: '2027-03-28T02:30:00', ...gap }]])(
    'starts its slots and reports no drift: %j',
    async (schedule) => {
      const { at, look, runs, world } = await service(job({ schedule }), '2027-03-27T12:00:00Z');
      world.deployed = undefined;
      for (const instant of ['2027-03-27T12:05:00Z', '2027-03-28T00:55:00Z', '2027-03-28T01:05:00Z']) {
        at(instant);
        expect((await look()).drift).toEqual([]);
      }
      expect(outcomeLines(await runs())).toEqual(['2027-03-28T01:00:00Z open']);
    },
  );

  test('expects slots again from the moment its end is removed', async () => {
    const { at, look, runs, world } = await watched();
    world.job = hourly({ schedule: { cron: '0 * * * ? *', end: '2026-11-22T06:40:00' } });
    world.deployed = undefined;
    for (const instant of ['2026-11-22T06:45:00Z', '2026-11-22T12:05:00Z', '2026-11-24T09:25:00Z']) {
      at(instant);
      expect(await look()).toEqual(quiet);
    }
    world.job = hourly();
    world.deployed = deploymentOf(world.job, '2026-11-24T09:30:00Z');
    at('2026-11-24T10:05:00Z');
    await look();
    expect((await runs()).map(({ slot }) => slot)).toEqual(['2026-11-24T10:00:00Z']);
  });
});

test('the watchman expects no slot from the time in which a job was not declared', async () => {
  const { at, look, runs, world } = await watched();
  world.deployed = deploymentOf(world.job, '2026-11-24T09:30:00Z');
  at('2026-11-24T09:36:00Z');
  expect(await look()).toEqual(quiet);
  at('2026-11-24T10:05:00Z');
  await look();
  expect((await runs()).map(({ slot }) => slot)).toEqual(['2026-11-24T10:00:00Z']);
});

test('the watchman goes on from a firing of a rate that it saw while slots wait', async () => {
  const { at, deliver, ends, look, runs } = await service(
    job({ schedule: { rate: '1 minute' }, catchUp: { policy: 'all' } }),
    '2026-11-22T10:00:00Z',
  );
  at('2026-11-22T10:00:30Z');
  await deliver('2026-11-22T10:00:20Z');
  await ends(id('2026-11-22T10:00:20Z'));
  for (const minute of ['05', '10', '15']) {
    at(`2026-11-22T10:${minute}:40Z`);
    for (const slot of (await look()).started) await ends(id(slot));
  }
  expect(outcomeLines(await runs())).toEqual(['00', '01', '02', '03'].map((m) => `2026-11-22T10:${m}:20Z succeeded`));
});

test('the watchman starts a queued run beside an open one once the job has overlap allow', async () => {
  const { at, deliver, look, runs, world } = await watched(hourly({ overlap: 'queue-one' }));
  at(seven);
  await deliver(seven);
  at('2026-11-22T08:00:00Z');
  expect(await deliver('2026-11-22T08:00:00Z')).toMatchObject({ status: 'queued' });
  at('2026-11-22T08:04:00Z');
  await look();
  expect([...world.executions.keys()]).toEqual([id(seven)]);
  world.job = hourly({ overlap: 'allow' });
  await look();
  expect([...world.executions.keys()]).toEqual([id(seven), id('2026-11-22T08:00:00Z')]);
  expect(outcomeLines(await runs())).toEqual([`${seven} open`, '2026-11-22T08:00:00Z open']);
});

test('the watchman removes a one-time schedule after its slot has a run, and reports no drift', async () => {
  const { at, deliver, look, runs, world } = await watched(job({ schedule: { at: '2026-11-22T07:00:00' } }));
  at('2026-11-22T07:02:00Z');
  await deliver(seven);
  await look();
  expect(world.deployed).toBeDefined();
  at('2026-11-22T07:04:00Z');
  expect(await look()).toEqual(quiet);
  expect(world.deployed).toBeUndefined();
  expect(await look()).toEqual(quiet);
  expect(outcomeLines(await runs())).toEqual([`${seven} open`]);
});

test('two watchmen at once start each slot once', async () => {
  const { at, deps, runs, stores, world } = await watched();
  at('2026-11-22T10:10:00Z');
  const ended = await Promise.allSettled([1, 2, 3].map(() => watch([world.job], deps)));
  for (const one of ended) if (one.status === 'rejected') expect(one.reason).toMatchObject({ name: 'JobConflict' });
  const all = await runs();
  expect(all).toHaveLength(4);
  expect(all.filter(({ outcome }) => outcome === null)).toHaveLength(1);
  expect([...world.executions.keys()]).toEqual([id('2026-11-22T10:00:00Z')]);
  expect((await stores.checkpoints.get('report'))?.accountedUpTo).toBe('2026-11-22T10:07:00Z');
});

test('two watchmen that settle one dead execution both check the job', async () => {
  const { at, deliver, deps, runs, world } = await watched();
  at('2026-11-22T07:00:20Z');
  await deliver(seven);
  world.executions.set(id(seven), 'FAILED');
  at('2026-11-22T07:10:00Z');
  const both = await Promise.allSettled([watch([world.job], deps), watch([world.job], deps)]);
  expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  expect(outcomeLines(await runs())).toEqual([`${seven} failed`]);
});

test('the watchman reports a job whose check fails, and still checks the other jobs', async () => {
  const { deps, world } = await watched();
  const schedules = {
    ...deps.schedules,
    get: async ({ name }: { name: string }) => {
      if (name === 'broken') throw new Error('no answer');
      return world.deployed;
    },
  };
  const looked: string[] = [];
  const observer = { ...deps.observer, jobChecked: ({ name }: { name: string }) => void looked.push(name) };
  const all = { ...deps, schedules, observer };
  await expect(watch([job({}, 'broken'), world.job], all)).rejects.toMatchObject({ name: 'Crash' });
  expect(looked).toEqual(['report']);
  expect(world.events).toContain('blind Crash');
});

test('a job stays stale until its local day is over, also on a day of 25 hours', async () => {
  const nightly = job({ schedule: { cron: '30 0 * * ? *', timezone: 'Europe/Amsterdam' }, freshBy: '23:45' });
  const { at, deliver, ends, look } = await service(nightly, '2026-10-24T12:00:00Z');
  await look();
  const slot = '2026-10-24T22:30:00Z';
  at(slot);
  await deliver(slot);
  await ends(id(slot), false);
  at('2026-10-25T22:50:00Z');
  expect((await look()).stale).toBe(true);
});

test('a job is stale from the next day on when its first slot or a change comes after the slot of the day', async () => {
  const nightly = job({ schedule: { cron: '0 7 * * ? *' }, freshBy: '08:00' });
  const { at, look, world } = await service(nightly, '2026-11-22T08:39:00Z');
  at('2026-11-22T08:45:00Z');
  expect((await look()).stale).toBe(false);
  world.job = job({ schedule: { cron: '30 7 * * ? *' }, freshBy: '08:00' });
  world.deployed = deploymentOf(world.job, '2026-11-22T08:39:00Z', { modifiedAt: '2026-11-22T09:00:00Z' });
  at('2026-11-22T09:10:00Z');
  expect((await look()).stale).toBe(false);
  world.job = { ...world.job, schedule: { ...world.job.schedule, exclude: ['2026-12-25'] } };
  at('2026-11-23T08:01:00Z');
  expect((await look()).stale).toBe(true);
});

test('a rate is fresh by the slots that its schedule fires, not by manual runs', async () => {
  const { at, deliver, ends, look } = await service(
    job({ schedule: { rate: '6 hours' }, freshBy: '09:00' }),
    '2026-11-21T02:00:00Z',
  );
  const ran = async (slot: string, suffix?: string) => {
    at(slot);
    await deliver(slot, { suffix });
    await ends(suffix ? `${id(slot)}_${suffix}` : id(slot));
    return look();
  };
  await ran('2026-11-21T08:00:30Z');
  await ran('2026-11-21T09:17:05Z', 'manual');
  for (const slot of ['2026-11-21T14:00:30Z', '2026-11-21T20:00:30Z', '2026-11-22T02:00:30Z']) await ran(slot);
  await ran('2026-11-22T08:00:30Z');
  at('2026-11-22T09:20:00Z');
  expect((await look()).stale).toBe(false);
});

test('a job is stale from its freshBy time until it succeeds', async () => {
  const { at, deliver, ends, look } = await watched(hourly({ freshBy: '08:30' }));
  at('2026-11-22T07:00:20Z');
  await deliver(seven);
  await ends(id(seven), false);
  at('2026-11-22T08:29:00Z');
  await deliver('2026-11-22T08:00:00Z');
  expect((await look()).stale).toBe(false);
  at('2026-11-22T08:30:00Z');
  expect((await look()).stale).toBe(true);
  await ends(id('2026-11-22T08:00:00Z'));
  expect((await look()).stale).toBe(false);
});

test('the watchman writes the checkpoint once an hour while no slot is due', async () => {
  const { at, look, stores } = await watched(job({ schedule: { cron: '0 7 * * ? *' } }));
  const versionAt = async (instant: string) => {
    at(instant);
    await look();
    return (await stores.checkpoints.get('report'))?.version;
  };
  const after = ['06:35', '06:55', '07:04', '07:09', '08:00', '08:05'];
  const versions: (number | undefined)[] = [];
  for (const time of after) versions.push(await versionAt(`2026-11-22T${time}:00Z`));
  expect(versions).toEqual([1, 1, 2, 2, 2, 3]);
});
