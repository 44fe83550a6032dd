import { describe, expect, test } from 'vitest';
import { type DispatchDeps, DispatchEvent, dispatch } from '../../lib/lifecycle/dispatch.ts';
import { firstInput } from '../../lib/run/execution.ts';
import { draftRun } from '../../lib/run/run.ts';
import { noUsage } from '../../lib/usage.ts';
import { slot, startedAt } from '../kit/agent.ts';
import { freshStores } from '../kit/fresh-stores.ts';
import { job } from '../kit/job.ts';
import { silent } from '../kit/observer.ts';
import { stateMachine } from '../kit/state-machine.ts';

const jobs = [job(), job({ enabled: false }, 'asleep')];

const at = async (now = startedAt) => {
  const stores = await freshStores(() => now);
  const { asked, executions } = stateMachine();
  const recorded: string[] = [];
  const deps: DispatchDeps = {
    stores,
    executions,
    jobs: async (name) => jobs.find((one) => one.name === name),
    now: () => now,
    observer: { ...silent, runRecorded: (run) => recorded.push(run.id) },
  };
  return {
    stores,
    asked,
    recorded,
    deps,
    send: (event: unknown) => dispatch(DispatchEvent.parse(event), deps),
  };
};

const id = 'report_20261122T070000Z';

describe('dispatch', () => {
  test("records the run with its job, and starts an execution with the run's id as its name", async () => {
    const { stores, asked, recorded, send } = await at();
    expect(await send({ job: 'report', slot })).toEqual({ status: 'started', run: id });
    expect(asked).toEqual([{ id, input: { notBefore: slot, first: firstInput(id) } }]);
    expect(await stores.runs.get(id)).toMatchObject({
      id,
      slot,
      job: { name: 'report', prompt: 'Go.' },
      outcome: null,
      version: 1,
    });
    expect(recorded).toEqual([id]);
  });

  test('a run that recorded slots name as their cover lists them, though its own late delivery starts it', async () => {
    const { stores, send } = await at(new Date('2026-11-22T07:04:00Z'));
    const hours = ['2026-11-22T05:00:00Z', '2026-11-22T06:00:00Z', '2026-11-22T06:30:00Z'];
    for (const [index, hour] of hours.entries()) {
      const why = index === 2 ? 'overlap' : 'caught-up';
      const outcome = { status: 'skipped', why, by: id, usage: noUsage, endedAt: hour } as const;
      await stores.runs.put(draftRun(job(), hour, startedAt, outcome));
    }
    expect(await send({ job: 'report', slot })).toEqual({ status: 'started', run: id });
    expect((await stores.runs.get(id))?.slots).toEqual([...hours.slice(0, 2), slot]);
  });

  test('starts a run that an earlier dispatch recorded before it died', async () => {
    const { asked, send, deps, recorded } = await at();
    const dies: DispatchDeps = {
      ...deps,
      executions: stateMachine(() => Promise.reject(new Error('killed'))).executions,
    };
    await expect(dispatch({ job: 'report', slot }, dies)).rejects.toThrow('killed');
    expect(await send({ job: 'report', slot })).toEqual({ status: 'duplicate', run: id });
    expect(asked).toHaveLength(1);
    expect(recorded).toEqual([id]);
  });

  test('does not start a run that has an outcome, even when Step Functions no longer knows its name', async () => {
    const { stores, asked, send } = await at();
    await send({ job: 'report', slot });
    const run = await stores.runs.get(id);
    const outcome = { status: 'succeeded', attempts: 1, steps: 1, usage: noUsage, endedAt: '' } as const;
    if (run) await stores.runs.put({ ...run, outcome, version: 2 });
    asked.length = 0;
    expect(await send({ job: 'report', slot })).toEqual({ status: 'duplicate', run: id });
    expect(asked).toEqual([]);
  });

  test.each([
    ['a disabled job', { job: 'asleep', slot }, startedAt, 'disabled'],
    ['a slot from two days ago', { job: 'report', slot }, new Date('2026-11-24T07:00:00Z'), 'late'],
  ])('records %s as skipped, once, and starts nothing', async (_name, event, now, why) => {
    const { stores, asked, recorded, send } = await at(now);
    const run = `${event.job}_20261122T070000Z`;
    expect(await send(event)).toEqual({ status: 'skipped', run, why });
    expect(await send(event)).toEqual({ status: 'duplicate', run });
    expect((await stores.runs.get(run))?.outcome).toMatchObject({ status: 'skipped', why });
    expect([asked, recorded]).toEqual([[], [run]]);
  });

  test.each([
    ['an unknown job', { job: 'unknown', slot }, 'UnknownJob'],
    ['a slot in the future', { job: 'report', slot: '2026-11-22T09:00:00Z' }, 'InvalidSlot'],
  ])('refuses %s by a named failure, and records nothing', async (_name, event, name) => {
    const { stores, asked, send } = await at();
    await expect(send(event)).rejects.toMatchObject({ name });
    expect(await stores.runs.byDay('2026-11-22')).toEqual([]);
    expect(asked).toEqual([]);
  });

  test.each([
    ['an unfilled context word', { job: 'report', slot: '<aws.scheduler.scheduled-time>' }],
    ['a slot without its zone', { job: 'report', slot: '2026-11-22T07:00:00' }],
    ['a date that does not exist', { job: 'report', slot: '2026-02-30T07:00:00Z' }],
    ['no slot', { job: 'report' }],
    ['an unknown field', { job: 'report', slot, force: true }],
    ['a suffix with a forbidden character', { job: 'report', slot, suffix: 'a_b' }],
    ['a model without a provider', { job: 'report', slot, model: 'gpt' }],
    ['a text for an object', 'report'],
  ])('refuses an event with %s', (_name, event) => {
    expect(DispatchEvent.safeParse(event).success).toBe(false);
  });

  test('gives a manual run its own name and model, also for an old slot and a disabled job', async () => {
    const { stores, send } = await at(new Date('2026-11-24T07:00:00Z'));
    const event = { job: 'asleep', slot, suffix: 'manual', model: 'anthropic/claude-sonnet-4-5' };
    const run = 'asleep_20261122T070000Z_manual';
    expect(await send(event)).toEqual({ status: 'started', run });
    expect((await stores.runs.get(run))?.job.model).toBe('anthropic/claude-sonnet-4-5');
    expect(await send({ job: 'asleep', slot })).toMatchObject({ status: 'skipped' });
  });
});
