import { describe, expect, it } from 'vitest';
import { boundsOf, type Due, slotsAfter } from '../../lib/schedule/calendar.ts';
import type { Schedule } from '../../lib/schedule/schedule.ts';
import type { Slot } from '../../lib/schedule/slot.ts';

const EPOCH = '1970-01-01T00:00:00Z';

const dues = (schedule: Schedule, after: string, count: number, anchor = EPOCH): Due[] =>
  slotsAfter(schedule, new Date(after), { anchor: new Date(anchor) })
    .take(count)
    .toArray();

const next = (schedule: Schedule, after: string, count = 50, anchor = EPOCH): Slot[] =>
  dues(schedule, after, count, anchor).map(({ slot }) => slot);

/** A line for each slot: its instant, its skip reason and whether the watchman starts it. */
const lines = (schedule: Schedule, after: string, count: number) =>
  dues(schedule, after, count).map(({ slot, by, skip }) =>
    [slot, ...(by === 'watchman' ? [by] : []), ...(skip ? [skip] : [])].join(' '),
  );

describe('clock rules beyond those of EventBridge:', () => {
  const night: Schedule = { cron: '15,30 2 * * ? *', timezone: 'Europe/Amsterdam' };

  it('skipped times with gap `after` become one slot after the gap, run by the watchman', () => {
    expect(lines({ ...night, dst: { gap: 'after' } }, '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-29T01:00:00Z watchman',
      '2026-03-30T00:15:00Z',
    ]);
  });

  it('a slot after the gap stays with EventBridge when it fires at that instant', () => {
    const both: Schedule = { cron: '0,30 2,3 * * ? *', timezone: 'Europe/Amsterdam', dst: { gap: 'after' } };
    expect(lines(both, '2026-03-28T12:00:00Z', 3)).toEqual([
      '2026-03-29T01:00:00Z',
      '2026-03-29T01:30:00Z',
      '2026-03-30T00:00:00Z',
    ]);
  });

  it('a repeated time with fold `both` is due twice, the second time by the watchman', () => {
    expect(lines({ ...night, dst: { fold: 'both' } }, '2026-10-24T12:00:00Z', 5)).toEqual([
      '2026-10-25T00:15:00Z',
      '2026-10-25T00:30:00Z',
      '2026-10-25T01:15:00Z watchman',
      '2026-10-25T01:30:00Z watchman',
      '2026-10-26T01:15:00Z',
    ]);
  });

  it('a repeated time with fold `last` is due the second time, and the first is recorded as skipped', () => {
    expect(lines({ ...night, dst: { fold: 'last' } }, '2026-10-24T12:00:00Z', 4)).toEqual([
      '2026-10-25T00:15:00Z fold',
      '2026-10-25T00:30:00Z fold',
      '2026-10-25T01:15:00Z watchman',
      '2026-10-25T01:30:00Z watchman',
    ]);
  });

  it('a day skipped by a country is due once, at the start of the next day', () => {
    const noon: Schedule = { cron: '0 12 * * ? *', timezone: 'Pacific/Apia', dst: { gap: 'after' } };
    expect(lines(noon, '2011-12-29T00:00:00Z', 3)).toEqual([
      '2011-12-29T22:00:00Z',
      '2011-12-30T10:00:00Z watchman',
      '2011-12-30T22:00:00Z',
    ]);
    const midnight: Schedule = { ...noon, cron: '0 0 * * ? *' };
    expect(lines(midnight, '2011-12-29T12:00:00Z', 2)).toEqual(['2011-12-30T10:00:00Z', '2011-12-31T10:00:00Z']);
  });

  it('slots stay in order when clocks go back over midnight', () => {
    // In St. John's, Sunday 0:01 became Saturday 23:01.
    const newfoundland: Schedule = { cron: '0,30 0,23 * * ? *', timezone: 'America/St_Johns', dst: { fold: 'both' } };
    const asked = (after: string, count: number) => lines(newfoundland, after, count);
    const all = [
      '2010-11-07T01:30:00Z',
      '2010-11-07T02:00:00Z',
      '2010-11-07T02:30:00Z',
      '2010-11-07T03:00:00Z watchman',
      '2010-11-07T03:30:00Z watchman',
      '2010-11-07T04:00:00Z',
    ];
    expect(asked('2010-11-06T12:00:00Z', 6)).toEqual(all);
    expect(asked('2010-11-07T02:30:00Z', 3)).toEqual(all.slice(3));
  });

  it('an `at` in a gap is due after it, and an `at` in a fold is due both times', () => {
    const at = (text: string, dst: Schedule['dst']): Schedule => ({ at: text, timezone: 'Europe/Amsterdam', dst });
    expect(lines(at('2026-03-29T02:30:00', { gap: 'after' }), EPOCH, 3)).toEqual(['2026-03-29T01:00:00Z watchman']);
    expect(lines(at('2026-10-25T02:30:00', { fold: 'both' }), EPOCH, 3)).toEqual([
      '2026-10-25T00:30:00Z',
      '2026-10-25T01:30:00Z watchman',
    ]);
  });
});

describe('the bounds of a schedule', () => {
  it('are inclusive, in the time zone of the schedule', () => {
    const bounds = { timezone: 'Europe/Amsterdam', start: '2027-01-01T12:00:00', end: '2027-01-03T12:00:00' };
    const noons = ['2027-01-01T11:00:00Z', '2027-01-02T11:00:00Z', '2027-01-03T11:00:00Z'];
    expect(next({ ...bounds, cron: '0 12 * * ? *' }, EPOCH)).toEqual(noons);
    expect(next({ ...bounds, cron: '0 12 * * ? *' }, noons[0] ?? '')).toEqual(noons.slice(1));
    expect(next({ ...bounds, rate: '1 day' }, EPOCH)).toEqual(noons);
  });

  it('start a rate at the later of its start and its anchor', () => {
    const rate: Schedule = { rate: '1 day', timezone: 'UTC', start: '2027-01-01T12:00:00' };
    expect(next(rate, EPOCH, 1, '2027-01-01T11:00:00Z')).toEqual(['2027-01-01T12:00:00Z']);
    expect(next(rate, EPOCH, 1, '2027-01-01T13:00:00Z')).toEqual(['2027-01-01T13:00:00Z']);
  });

  it('mean the first of two equal times, and the end of a gap', () => {
    const zone = { cron: '0 12 * * ? *', timezone: 'Europe/Amsterdam' };
    expect(boundsOf({ ...zone, start: '2026-03-29T02:30:00', end: '2026-10-25T02:30:00' })).toEqual({
      start: '2026-03-29T01:00:00Z',
      end: '2026-10-25T00:30:00Z',
    });
    expect(boundsOf(zone)).toEqual({});
  });

  it('keep the first of two equal times when the second is after the end', () => {
    const night = { cron: '15,30 2 * * ? *', timezone: 'Europe/Amsterdam', end: '2026-10-25T02:30:00' };
    expect(lines({ ...night, dst: { fold: 'last' } }, '2026-10-24T12:00:00Z', 9)).toEqual([
      '2026-10-25T00:15:00Z',
      '2026-10-25T00:30:00Z',
    ]);
  });
});

describe('an excluded date', () => {
  it('is a local date, and its slots are recorded as skipped', () => {
    const exclude = ['2027-01-02'];
    const zone = { timezone: 'Pacific/Auckland', exclude };
    expect(lines({ ...zone, cron: '0 0,12 * * ? *' }, '2027-01-01T00:00:00Z', 4)).toEqual([
      '2027-01-01T11:00:00Z excluded',
      '2027-01-01T23:00:00Z excluded',
      '2027-01-02T11:00:00Z',
      '2027-01-02T23:00:00Z',
    ]);
    expect(lines({ ...zone, rate: '12 hours' }, '2027-01-01T00:00:00Z', 3)).toEqual([
      '2027-01-01T12:00:00Z excluded',
      '2027-01-02T00:00:00Z excluded',
      '2027-01-02T12:00:00Z',
    ]);
    expect(lines({ ...zone, at: '2027-01-02T23:59:59' }, EPOCH, 1)).toEqual(['2027-01-02T10:59:59Z excluded']);
  });

  it('is the reason of the skip also on a day with a clock change', () => {
    const night: Schedule = { cron: '30 2 * * ? *', timezone: 'Europe/Amsterdam', exclude: ['2026-10-25'] };
    expect(lines({ ...night, dst: { fold: 'last' } }, '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30:00Z excluded',
      '2026-10-25T01:30:00Z watchman excluded',
    ]);
  });
});
