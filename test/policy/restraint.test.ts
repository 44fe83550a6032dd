import { describe, expect, test } from 'vitest';
import { dispatch } from '../../lib/lifecycle/dispatch.ts';
import { changeState } from '../../lib/policy/job-state.ts';
import { paused, resumed } from '../../lib/policy/pause.ts';
import { reportService } from '../kit/report-service.ts';
import { idOf, ids, slots } from '../kit/report-slots.ts';

const [first, second, third] = slots;
const [one, two, three] = ids;

describe('a paused job', () => {
  const pause = { by: 'ana', since: '2026-11-22T07:30:00.000Z', until: null, note: 'holiday' };

  test('skips its slots until it is resumed, with the person of the pause in each outcome', async () => {
    const { deliver, outcome, ends, stores } = await reportService({});
    await deliver(first);
    await ends(one);
    await changeState('report', ({ pauses }) => ({ pauses: paused(pauses, pause) }), stores.states);
    expect(await deliver(second)).toEqual({ status: 'skipped', run: two, why: 'paused' });
    expect(await outcome(two)).toMatchObject({ message: 'paused by ana since 2026-11-22T07:30:00.000Z: holiday' });
    const at = new Date('2026-11-22T08:30:00Z');
    await changeState('report', ({ pauses }) => ({ pauses: resumed(pauses, at) }), stores.states);
    expect(await deliver(third)).toMatchObject({ status: 'started' });
  });

  test('skips its queued run', async () => {
    const { deliver, outcome, ends, stores, running, state } = await reportService({ overlap: 'queue-one' });
    await deliver(first);
    await deliver(second);
    await changeState('report', ({ pauses }) => ({ pauses: paused(pauses, pause) }), stores.states);
    await ends(one);
    expect(await outcome(two)).toMatchObject({ status: 'skipped', why: 'paused' });
    expect(running()).toEqual([one]);
    expect(await state()).toMatchObject({ open: [], queued: null });
  });

  test('does not skip a run that left its queue after the job was read', async () => {
    const { deliver, deps, outcome, ends, stores, running } = await reportService({ overlap: 'queue-one' });
    await deliver(first);
    await deliver(second);
    await changeState('report', ({ pauses }) => ({ pauses: paused(pauses, pause) }), stores.states);
    let isFirst = true;
    const get: typeof stores.runs.get = async (id) => {
      if (isFirst) {
        isFirst = false;
        await changeState('report', () => ({ pauses: [] }), stores.states);
        await ends(one);
      }
      return stores.runs.get(id);
    };
    const slow = { ...deps, stores: { ...stores, runs: { ...stores.runs, get } } };
    expect(await dispatch({ job: 'report', slot: second }, slow)).toEqual({ status: 'duplicate', run: two });
    expect([running(), await outcome(two)]).toEqual([[one, two], null]);
  });

  test('starts manual runs', async () => {
    const { deliver, stores } = await reportService({});
    await changeState('report', ({ pauses }) => ({ pauses: paused(pauses, pause) }), stores.states);
    expect(await deliver(second, { suffix: 'now' })).toMatchObject({ status: 'started' });
  });
});

describe('a manual run', () => {
  test('delays no slot, opens no breaker and ignores the budget, but its cost counts', async () => {
    const { deliver, ends, state, events } = await reportService({
      limits: { perDay: { runs: 1, usd: 0.0015 } },
      breaker: { failures: 1 },
    });
    await deliver(first, { suffix: 'now' });
    expect(await deliver(first)).toMatchObject({ status: 'started' });
    await ends(`${one}_now`, false);
    expect(await state()).toMatchObject({ streak: 0, breaker: null, spent: { day: { runs: 1, usd: 0.001 } } });
    await ends(one);
    expect(await deliver(second)).toEqual({ status: 'skipped', run: two, why: 'budget' });
    expect(await deliver(second, { suffix: 'now' })).toMatchObject({ status: 'started' });
    expect(events.filter((word) => word.includes('tripped'))).toEqual([]);
  });
});

describe('a job whose runs keep failing', () => {
  test('is refused by its breaker, which admits one probe at a time and closes on a success', async () => {
    const { deliver, ends, events, outcome, state } = await reportService({
      breaker: { failures: 2, firstDelaySeconds: 4000 },
    });
    for (const slot of [first, second]) {
      await deliver(slot);
      await ends(idOf(slot), false);
    }
    expect(events.at(-1)).toBe(`${two} tripped`);
    expect(await deliver(third)).toEqual({ status: 'skipped', run: three, why: 'breaker' });
    const [probe, beside, fourth] = ['2026-11-22T10:00:00Z', '2026-11-22T10:01:00Z', '2026-11-22T12:20:00Z'];
    expect(await deliver(probe)).toMatchObject({ status: 'started' });
    await deliver(beside);
    expect((await outcome(idOf(beside)))?.status === 'skipped' && (await outcome(idOf(beside)))).toMatchObject({
      why: 'breaker',
      message: expect.stringContaining(`${idOf(probe)} is its probe`),
    });
    await ends(idOf(probe), false);
    expect((await state()).breaker).toMatchObject({ delaySeconds: 8000, probe: null });
    await deliver(fourth);
    await ends(idOf(fourth));
    expect(await state()).toMatchObject({ breaker: null, streak: 1, lastSuccess: fourth });
    expect(events.filter((word) => word.includes('tripped'))).toHaveLength(2);
  });

  test('skips its queued run once its breaker is open', async () => {
    const { deliver, ends, outcome } = await reportService({ overlap: 'queue-one', breaker: { failures: 1 } });
    await deliver(first);
    await deliver(second);
    await ends(one, false);
    expect(await outcome(two)).toMatchObject({ status: 'skipped', why: 'breaker' });
  });
});

test('a job has at most a hundred open runs, even with overlap allow', async () => {
  const { deliver, stores, deps } = await reportService({ overlap: 'allow' });
  await deliver(first);
  const lease = (await stores.states.get('report'))?.open[0];
  if (!lease) throw new Error('there is no lease');
  const many = Array.from({ length: 100 }, (_, n) => ({ ...lease, run: `${one}_n${n}`, holds: n < 50 }));
  await changeState('report', () => ({ open: many }), deps.stores.states);
  expect(await deliver(second)).toMatchObject({ status: 'skipped', why: 'overlap' });
  expect(await deliver(second, { suffix: 'now' })).toMatchObject({ status: 'skipped', why: 'overlap' });
});
