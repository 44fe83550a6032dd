import { describe, expect, test } from 'vitest';
import { deploymentOf } from '../kit/deployment.ts';
import { job } from '../kit/job.ts';
import { outcomeLines, service } from '../kit/watch.ts';

type Service = Awaited<ReturnType<typeof service>>;

const hourly = (more: Record<string, unknown> = {}) =>
  job({ schedule: { cron: '0 * * * ? *' }, limits: { seconds: 14_400 }, ...more });
const start = '2026-11-22T06:30:00Z';
const on = (time: string) => `2026-11-22T${time}Z`;
const [seven, eight, nine, ten, eleven] = ['07', '08', '09', '10', '11'].map((hour) => on(`${hour}:00:00`)) as [
  string,
  string,
  string,
  string,
  string,
];
const id = (slot: string) => `report_${slot.replaceAll(/[-:]/g, '')}`;

const watched = async (declared = hourly(), since = start): Promise<Service> => {
  const one = await service(declared, since);
  await one.look();
  return one;
};

const looksAt = async ({ at, look }: Service, instants: string[]) => {
  const seen = [];
  for (const instant of instants) {
    at(instant);
    seen.push(await look());
  }
  return seen;
};

const ran = async ({ at, deliver, ends }: Service, slot: string) => {
  at(slot);
  await deliver(slot);
  await ends(id(slot));
};

/** A job whose run of seven o'clock is open for hours. */
const busy = async (declared = hourly()): Promise<Service> => {
  const one = await watched(declared);
  one.at(on('07:00:10'));
  await one.deliver(seven);
  return one;
};

describe('the watchman, when a schedule is deployed again,', () => {
  const back = '2026-11-25T09:30:00Z';

  test.each([
    ['which a check finds deployed first', []],
    ['which checks find missing first', ['2026-11-25T09:25:00Z', '2026-11-25T09:29:00Z']],
  ])('expects slots from its creation on: a schedule %s', async (_, before) => {
    const one = await watched();
    one.world.deployed = undefined;
    await looksAt(one, before);
    one.world.deployed = deploymentOf(one.world.job, back);
    await looksAt(one, ['2026-11-25T09:36:00Z', '2026-11-25T10:05:00Z']);
    expect(outcomeLines(await one.runs())).toEqual(['2026-11-25T10:00:00Z open']);
  });

  test('expects slots from its creation on: a schedule that differed from its job file when it was removed', async () => {
    const one = await watched();
    one.world.deployed = undefined;
    await looksAt(one, [on('06:35:00')]);
    await looksAt(one, ['2026-11-25T09:25:00Z']);
    one.world.deployed = deploymentOf(one.world.job, back);
    await looksAt(one, ['2026-11-25T09:36:00Z', '2026-11-25T10:05:00Z']);
    expect(outcomeLines(await one.runs())).toEqual(['2026-11-25T10:00:00Z open']);
  });

  test.each([true, false])(
    'expects no slot from before its creation, though the schedule is removed once more (enabled: %s)',
    async (enabled) => {
      const one = await watched();
      one.world.deployed = deploymentOf(one.world.job, back);
      await looksAt(one, ['2026-11-25T09:36:00Z']);
      one.world.deployed = undefined;
      one.world.job = { ...one.world.job, enabled };
      await looksAt(one, ['2026-11-25T09:41:00Z']);
      expect(await one.runs()).toEqual([]);
    },
  );

  test('expects the slots of a schedule that stays missing after a quarter of an hour', async () => {
    const one = await watched();
    one.world.deployed = undefined;
    await looksAt(one, [on('09:25:00')]);
    expect(await one.runs()).toEqual([]);
    await looksAt(one, [on('09:30:00'), on('09:41:00')]);
    expect(outcomeLines(await one.runs())).toEqual([
      `${seven} skipped caught-up`,
      `${eight} skipped caught-up`,
      `${nine} open`,
    ]);
  });
});

describe('the watchman, after a long run,', () => {
  const end = async (one: Service, at: string) => {
    one.at(at);
    await one.ends(id(seven));
    await one.look();
    for (const run of await one.runs()) if (run.outcome === null) await one.ends(run.id);
    return outcomeLines(await one.runs());
  };

  test('records every slot that was due in the run, though the schedule was removed in between', async () => {
    const one = await busy();
    one.world.deployed = undefined;
    await looksAt(
      one,
      ['07:30', '07:50', '08:05', '09:05', '10:05', '11:05'].map((time) => on(`${time}:00`)),
    );
    one.world.deployed = deploymentOf(one.world.job, on('11:20:00'));
    await looksAt(one, [on('11:25:00'), on('11:30:00')]);
    expect((await end(one, on('11:40:00'))).slice(0, 3)).toEqual([
      `${seven} succeeded`,
      `${eight} skipped caught-up`,
      `${nine} succeeded`,
    ]);
    await looksAt(one, [on('11:41:00')]);
    expect((await one.runs()).map(({ slot }) => slot)).toEqual([seven, eight, nine, ten, eleven]);
  });

  test('records every slot that was due in the run, though the schedule was created again between two checks', async () => {
    const one = await busy();
    await looksAt(
      one,
      ['08:05', '09:05', '10:05'].map((time) => on(`${time}:00`)),
    );
    one.world.deployed = deploymentOf(one.world.job, on('10:07:00'));
    await looksAt(one, [on('10:10:00')]);
    expect((await end(one, on('10:15:00'))).slice(0, 3)).toEqual([
      `${seven} succeeded`,
      `${eight} skipped caught-up`,
      `${nine} succeeded`,
    ]);
  });

  test('records no slot after the end of the schedule', async () => {
    const one = await busy();
    await looksAt(one, [on('08:05:00')]);
    one.world.job = hourly({ schedule: { cron: '0 * * * ? *', end: '2026-11-22T08:06:00' } });
    one.world.deployed = undefined;
    await looksAt(
      one,
      ['08:10', '09:05', '10:05'].map((time) => on(`${time}:00`)),
    );
    expect(await end(one, on('10:10:00'))).toEqual([`${seven} succeeded`, `${eight} succeeded`]);
  });

  test('starts the run that its skipped slots name, though the rate fires at other times by then', async () => {
    const hour = job({ schedule: { rate: '1 hour' }, limits: { seconds: 14_400 } });
    const one = await watched(hour, on('06:00:00'));
    one.at(seven);
    await one.deliver(seven);
    await looksAt(one, [on('07:05:00'), on('09:05:00')]);
    one.at(on('09:10:00'));
    await one.deliver(on('09:10:00'));
    await looksAt(one, [on('09:15:00')]);
    await end(one, on('09:20:00'));
    expect((await one.runs()).find(({ slot }) => slot === nine)).toMatchObject({
      slots: [eight, nine],
      outcome: { status: 'succeeded' },
    });
  });

  test('starts the run that its skipped slots name, though it is older than catchUp.withinSeconds', async () => {
    const one = await busy(hourly({ catchUp: { withinSeconds: 7200 } }));
    await looksAt(
      one,
      ['09:05', '10:05', '11:05'].map((time) => on(`${time}:00`)),
    );
    await end(one, on('11:10:00'));
    expect((await one.runs()).find(({ slot }) => slot === nine)).toMatchObject({
      slots: [eight, nine],
      outcome: { status: 'succeeded' },
    });
  });

  test('names every skipped slot in a run that was refused during the check and admitted after it', async () => {
    const one = await busy();
    await looksAt(one, [on('09:05:00')]);
    await one.ends(id(seven));
    one.at(on('09:10:00'));
    await one.lookWhileResumed();
    expect((await one.runs()).at(-1)).toMatchObject({ slot: nine, slots: [eight, nine], outcome: null });
  });

  test('records every slot up to the check at which the job was disabled, however many', async () => {
    const one = await watched(job({ schedule: { cron: '* * * * ? *' } }));
    one.world.job = { ...one.world.job, enabled: false };
    one.world.deployed = undefined;
    await looksAt(
      one,
      ['15:03', '15:08', '15:13'].map((time) => on(`${time}:00`)),
    );
    const all = await one.runs();
    expect([all[0]?.slot, all.at(-1)?.slot, all.length]).toEqual([on('06:41:00'), on('15:00:00'), 500]);
    const ranges = await one.stores.ranges.byJob('report', { to: on('15:13:00'), limit: 5 });
    expect(ranges).toMatchObject([{ from: on('06:31:00'), to: on('06:40:00') }]);
  });
});

describe('the watchman, when a rate changes,', () => {
  test.each([
    ['2 minutes', ['10:02:02', '10:04:02']],
    ['1 minute', ['10:01:05', '10:02:05', '10:03:05', '10:04:05']],
  ])('to %s, records only the slots that fired', async (rate, fired) => {
    const one = await watched(job({ schedule: { rate: '1 minute' } }), on('09:57:30'));
    for (const slot of [on('09:58:30'), on('09:59:30')]) await ran(one, slot);
    await looksAt(one, [on('09:59:40')]);
    one.world.job = job({ schedule: { rate } });
    one.world.deployed = deploymentOf(one.world.job, on('09:57:30'), { modifiedAt: ten });
    for (const time of fired) await ran(one, on(time));
    await looksAt(one, [on('10:04:40'), on('10:07:10')]);
    expect((await one.runs()).map(({ slot }) => slot)).toEqual(
      ['09:58:30', '09:59:30', ...fired].map((time) => on(time)),
    );
  });

  test('does not find the job stale for want of a slot at the change', async () => {
    const fresh = { freshBy: '06:00' };
    const one = await watched(job({ schedule: { rate: '12 hours' }, ...fresh }), '2026-11-21T02:00:00Z');
    for (const slot of ['2026-11-21T14:00:00Z', on('02:00:00')]) {
      await ran(one, slot);
      await one.look();
    }
    one.world.job = job({ schedule: { rate: '12 hours', end: '2027-01-01T00:00:00' }, ...fresh });
    one.world.deployed = deploymentOf(one.world.job, '2026-11-21T02:00:00Z', { modifiedAt: on('05:00:00') });
    const seen = await looksAt(one, [on('05:10:00'), on('06:05:00')]);
    expect(seen.map(({ stale }) => stale)).toEqual([false, false]);
  });
});
