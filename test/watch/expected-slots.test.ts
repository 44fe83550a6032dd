import { describe, expect, test } from 'vitest';
import type { Job } from '../../lib/job/job.ts';
import { type Origin, type Run, runId } from '../../lib/run/run.ts';
import type { Checkpoint } from '../../lib/watch/checkpoint.ts';
import { dueIn, expectedSlots, firstCheckpoint, type Observation } from '../../lib/watch/expected-slots.ts';
import { deploymentOf } from '../kit/deployment.ts';
import { job } from '../kit/job.ts';

const made = '2026-11-22T06:00:10Z';
const rate = job({ schedule: { rate: '2 hours' } });

const run = (slot: string, origin: Origin = 'schedule', suffix?: string): Run => ({
  id: runId({ job: 'report', slot, suffix }),
  slot,
  ...(suffix ? { suffix } : {}),
  job: rate,
  origin,
  startedAt: slot,
  outcome: null,
  version: 1,
});

const sight = (of: Job, more: Partial<Observation> = {}): Observation => ({
  job: of,
  deployed: deploymentOf(of, made),
  differences: [],
  delivered: [],
  ...more,
});

const begun = (of: Job): Checkpoint => ({
  ...firstCheckpoint(of, deploymentOf(of, made), [], new Date(made)),
  version: 1,
});

const dueBy = (look: Checkpoint, seen: Observation, at: string) => {
  const found = expectedSlots(look, seen, new Date(at), new Date(Date.parse(at) + 180_000));
  if (!found) return undefined;
  const due = dueIn(found.segments, { after: new Date(look.accountedUpTo), to: found.to, most: 1000 });
  return { ...found, due, slots: due.map(({ slot }) => slot) };
};

describe('a rate', () => {
  test('expects its first slot one period after its schedule was created, until a firing is seen', () => {
    const found = dueBy(begun(rate), sight(rate), '2026-11-22T11:00:00Z');
    expect(found?.slots).toEqual(['2026-11-22T08:00:10Z', '2026-11-22T10:00:10Z']);
    expect(found?.anchor).toEqual({ at: made, confirmed: false });
  });

  test('counts from its first seen firing, whenever its schedule was created', () => {
    const fired = run('2026-11-22T07:30:00Z');
    const found = dueBy(begun(rate), sight(rate, { delivered: [fired] }), '2026-11-22T12:00:00Z');
    expect(found?.slots).toEqual(['2026-11-22T07:30:00Z', '2026-11-22T09:30:00Z', '2026-11-22T11:30:00Z']);
    expect(found?.anchor).toEqual({ at: fired.slot, confirmed: true });
  });

  test('expects the slots before its first seen firing too, back to its creation', () => {
    const minutely = job({ schedule: { rate: '1 minute' } });
    const fired = ['2026-11-22T06:00:20Z', '2026-11-22T06:02:20Z'].map((slot) => run(slot));
    const found = dueBy(begun(minutely), sight(minutely, { delivered: fired }), '2026-11-22T06:02:30Z');
    expect(found?.slots).toEqual(['2026-11-22T06:00:20Z', '2026-11-22T06:01:20Z', '2026-11-22T06:02:20Z']);
  });

  test('keeps its seen firing when its exclusion dates change', () => {
    const excluded = job({ schedule: { rate: '2 hours', exclude: ['2026-12-25'] } });
    const anchor = { at: '2026-11-22T06:30:00Z', confirmed: true };
    const found = dueBy({ ...begun(rate), anchor }, sight(excluded), '2026-11-22T09:00:00Z');
    expect(found?.slots).toEqual(['2026-11-22T06:30:00Z', '2026-11-22T08:30:00Z']);
    expect(found?.anchor).toEqual(anchor);
  });

  test('is not confirmed by a run that the watchman or a person started', () => {
    const others = [run('2026-11-22T07:31:00Z', 'watchman'), run('2026-11-22T07:32:00Z', 'person', 'manual')];
    const found = dueBy(begun(rate), sight(rate, { delivered: others }), '2026-11-22T09:00:00Z');
    expect(found?.slots).toEqual(['2026-11-22T08:00:10Z']);
  });

  test('counts from the last seen firing, and expects no slot between the old firings and the new ones', () => {
    const look: Checkpoint = { ...begun(rate), anchor: { at: '2026-11-22T06:00:00Z', confirmed: true } };
    const found = dueBy(look, sight(rate, { delivered: [run('2026-11-22T09:10:00Z')] }), '2026-11-22T12:00:00Z');
    expect(found?.slots).toEqual(['2026-11-22T09:10:00Z', '2026-11-22T11:10:00Z']);
  });

  test('expects the slot between two seen firings of one grid, and keeps counting from the first', () => {
    const anchor = { at: '2026-11-22T06:00:00Z', confirmed: true };
    const delivered = [run('2026-11-22T08:00:00Z'), run('2026-11-22T12:00:00Z')];
    const found = dueBy({ ...begun(rate), anchor }, sight(rate, { delivered }), '2026-11-22T12:30:00Z');
    expect(found?.slots).toEqual(['2026-11-22T08:00:00Z', '2026-11-22T10:00:00Z', '2026-11-22T12:00:00Z']);
    expect(found?.anchor).toEqual(anchor);
  });

  test('expects no slot within a period of a change to its schedule', () => {
    const look: Checkpoint = { ...begun(rate), anchor: { at: '2026-11-22T06:00:00Z', confirmed: true } };
    const deployed = deploymentOf(rate, '2026-11-22T09:00:00Z');
    const found = dueBy(look, sight(rate, { deployed }), '2026-11-22T12:00:00Z');
    expect(found?.slots).toEqual(['2026-11-22T08:00:00Z', '2026-11-22T11:00:00Z']);
  });
});

describe('a cron', () => {
  const hourly = job({ schedule: { cron: '0 * * * ? *' } });

  test('expects slots from the creation of its schedule, not before', () => {
    expect(dueBy(begun(hourly), sight(hourly), '2026-11-22T07:30:00Z')?.slots).toEqual(['2026-11-22T07:00:00Z']);
  });

  test('expects no slot before it is deployed', () => {
    const look: Checkpoint = {
      ...firstCheckpoint(hourly, undefined, ['the schedule is missing'], new Date(made)),
      version: 1,
    };
    const missing = sight(hourly, { deployed: undefined, differences: ['the schedule is missing'] });
    const on: Checkpoint = { ...look, driftSince: made };
    expect(dueBy(on, missing, '2026-11-22T06:10:00Z')).toBeUndefined();
    const late = sight(hourly, { deployed: deploymentOf(hourly, '2026-11-22T07:05:00Z') });
    expect(dueBy(on, late, '2026-11-22T08:30:00Z')?.slots).toEqual(['2026-11-22T08:00:00Z']);
  });

  test('that is never deployed expects slots from the check that first saw it missing', () => {
    const look: Checkpoint = {
      ...firstCheckpoint(hourly, undefined, ['the schedule is missing'], new Date(made)),
      driftSince: made,
      version: 1,
    };
    const missing = sight(hourly, { deployed: undefined, differences: ['the schedule is missing'] });
    expect(dueBy(look, missing, '2026-11-22T08:10:00Z')?.slots).toEqual([
      '2026-11-22T07:00:00Z',
      '2026-11-22T08:00:00Z',
    ]);
  });

  test('of a job that was disabled expects slots up to that moment, and none after', () => {
    const asleep = { ...hourly, enabled: false };
    const found = dueBy(begun(hourly), sight(asleep, { deployed: undefined }), '2026-11-22T07:30:00Z');
    expect(found).toMatchObject({ slots: ['2026-11-22T07:00:00Z'], schedule: null });
    const next: Checkpoint = { ...begun(hourly), schedule: null, accountedUpTo: '2026-11-22T07:30:00Z' };
    expect(dueBy(next, sight(asleep, { deployed: undefined }), '2026-11-22T09:30:00Z')?.slots).toEqual([]);
  });

  test('keeps its slots when its exclusion dates change, and applies the new dates at once', () => {
    const excluded = job({ schedule: { cron: '0 * * * ? *', exclude: ['2026-11-22'] } });
    const found = dueBy(begun(hourly), sight(excluded), '2026-11-22T07:30:00Z');
    expect(found?.due).toEqual([{ slot: '2026-11-22T07:00:00Z', by: 'schedule', skip: 'excluded' }]);
  });
});

test('the watchman expects no slot from a time that it has checked', () => {
  const look: Checkpoint = { ...begun(rate), accountedUpTo: '2026-11-22T12:00:00Z' };
  expect(dueBy(look, sight(rate), '2026-11-22T11:00:00Z')).toMatchObject({
    slots: [],
    to: new Date(look.accountedUpTo),
  });
});
