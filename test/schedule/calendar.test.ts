import { describe, expect, it } from 'vitest';
import { dueBetween, isOver, slotsAfter } from '../../lib/schedule/calendar.ts';
import type { Schedule } from '../../lib/schedule/schedule.ts';
import type { Slot } from '../../lib/schedule/slot.ts';
import { openZone, wallTime } from '../../lib/schedule/time-zone.ts';

const EPOCH = '1970-01-01T00:00:00Z';

const next = (schedule: Schedule, after: string, count = 50, anchor = EPOCH): Slot[] =>
  slotsAfter(schedule, new Date(after), { anchor: new Date(anchor) })
    .take(count)
    .map(({ slot }) => slot)
    .toArray();

const cron = (text: string, timezone = 'UTC'): Schedule => ({ cron: text, timezone });
const dates = (text: string, after: string, count: number) =>
  next(cron(text), after, count).map((slot) => slot.slice(0, 10));

const walls = (schedule: Schedule, after: string, count: number) =>
  next(schedule, after, count).map((slot) => wallTime(slot, openZone(schedule.timezone)));

describe('a cron schedule', () => {
  it('is due at its local time in summer and winter', () => {
    const morning = cron('0 9 ? * MON-FRI *', 'Europe/Amsterdam');
    expect(next(morning, '2026-10-22T12:00:00Z', 3)).toEqual([
      '2026-10-23T07:00:00Z',
      '2026-10-26T08:00:00Z',
      '2026-10-27T08:00:00Z',
    ]);
  });

  it('is due strictly after the instant, to the millisecond', () => {
    const noon = cron('0 12 * * ? *');
    expect(next(noon, '2026-11-22T11:59:59.999Z', 1)).toEqual(['2026-11-22T12:00:00Z']);
    expect(next(noon, '2026-11-22T12:00:00Z', 1)).toEqual(['2026-11-23T12:00:00Z']);
  });

  it('skips a local time that does not exist', () => {
    const night = cron('30 2 * * ? *', 'America/Los_Angeles');
    expect(next(night, '2026-03-07T00:00:00Z', 3)).toEqual([
      '2026-03-07T10:30:00Z',
      '2026-03-09T09:30:00Z',
      '2026-03-10T09:30:00Z',
    ]);
  });

  it('is due at the first of two equal local times', () => {
    const night = cron('30 1 * * ? *', 'America/Los_Angeles');
    expect(next(night, '2026-10-31T00:00:00Z', 3)).toEqual([
      '2026-10-31T08:30:00Z',
      '2026-11-01T08:30:00Z',
      '2026-11-02T09:30:00Z',
    ]);
    expect(next(night, '2026-11-01T08:30:00Z', 1)).toEqual(['2026-11-02T09:30:00Z']);
  });

  it('has no slot in a repeated hour, also when it names every hour', () => {
    expect(next(cron('0/30 * * * ? *', 'Europe/Amsterdam'), '2026-10-25T00:00:00Z', 3)).toEqual([
      '2026-10-25T00:30:00Z',
      '2026-10-25T02:00:00Z',
      '2026-10-25T02:30:00Z',
    ]);
  });

  it('handles clock changes of half an hour', () => {
    const quarters = cron('0/15 1-2 * * ? *', 'Australia/Lord_Howe');
    // 2:00 becomes 1:30 on 5 April, and 2:00 becomes 2:30 on 4 October.
    expect(walls(quarters, '2026-04-04T14:00:00Z', 5).map(({ local, offset }) => local.slice(11) + offset)).toEqual([
      '01:15+11:00',
      '01:30+11:00',
      '01:45+11:00',
      '02:00+10:30',
      '02:15+10:30',
    ]);
    expect(walls(quarters, '2026-10-03T15:00:00Z', 4).map(({ local, offset }) => local.slice(11) + offset)).toEqual([
      '01:45+10:30',
      '02:30+11:00',
      '02:45+11:00',
      '01:00+11:00',
    ]);
  });

  it('skips a midnight that does not exist and keeps the day otherwise', () => {
    const midnight = cron('0 0,1 4 11 ? 2018', 'America/Sao_Paulo');
    expect(next(midnight, EPOCH)).toEqual(['2018-11-04T03:00:00Z']);
  });

  it('has no slot on a day that its country skipped', () => {
    const days = walls(cron('0 12 * * ? *', 'Pacific/Apia'), '2011-12-28T12:00:00Z', 3);
    expect(days.map(({ local }) => local)).toEqual(['2011-12-28 12:00', '2011-12-29 12:00', '2011-12-31 12:00']);
  });

  it('finds the last day, the last weekday and the nearest weekday of a month', () => {
    expect(dates('0 6 L * ? *', '2028-01-31T06:00:00Z', 2)).toEqual(['2028-02-29', '2028-03-31']);
    expect(dates('0 6 LW * ? *', '2026-01-01T00:00:00Z', 5)).toEqual([
      '2026-01-30',
      '2026-02-27',
      '2026-03-31',
      '2026-04-30',
      '2026-05-29',
    ]);
    expect(dates('0 6 1W 8,11 ? 2026', '2026-01-01T00:00:00Z', 5)).toEqual(['2026-08-03', '2026-11-02']);
    expect(dates('0 6 31W 1-7 ? 2026', '2026-01-01T00:00:00Z', 9)).toEqual([
      '2026-01-30',
      '2026-03-31',
      '2026-05-29',
      '2026-07-31',
    ]);
  });

  it('finds the last and the nth weekday of a month, when it exists', () => {
    expect(dates('0 6 ? * 6L *', '2026-01-01T00:00:00Z', 3)).toEqual(['2026-01-30', '2026-02-27', '2026-03-27']);
    expect(dates('0 6 ? * 3#2 *', '2026-01-01T00:00:00Z', 3)).toEqual(['2026-01-13', '2026-02-10', '2026-03-10']);
    expect(dates('0 6 ? * 1#5 2026', '2026-01-01T00:00:00Z', 9)).toEqual([
      '2026-03-29',
      '2026-05-31',
      '2026-08-30',
      '2026-11-29',
    ]);
  });

  it('finds a rare day, and ends with its last year', () => {
    expect(dates('0 0 29 2 ? *', '2096-03-01T00:00:00Z', 2)).toEqual(['2104-02-29', '2108-02-29']);
    expect(next(cron('0 0 29 2 ? 2190-2199'), EPOCH)).toEqual(['2192-02-29T00:00:00Z', '2196-02-29T00:00:00Z']);
    expect(next(cron('* * * * ? 2025'), '2025-12-31T23:58:00Z')).toEqual(['2025-12-31T23:59:00Z']);
    expect(next(cron('* * * * ? 2025'), '2026-01-01T00:00:00Z')).toEqual([]);
    expect(next(cron('0 0 L 12 ? 2199', 'Asia/Kathmandu'), EPOCH)).toEqual(['2199-12-30T18:15:00Z']);
  });

  it('handles historical offsets with seconds', () => {
    expect(next(cron('0 12 1 1 ? 1970', 'Africa/Monrovia'), EPOCH)).toEqual(['1970-01-01T12:44:30Z']);
  });

  it('uses local time for its years', () => {
    const newYear = cron('0 0,23 1,31 1,12 ? 2027', 'Asia/Kathmandu');
    expect(next(newYear, '2026-12-31T18:14:59Z', 1)).toEqual(['2026-12-31T18:15:00Z']);
  });
});

describe('a rate schedule', () => {
  const daily: Schedule = { rate: '1 day', timezone: 'Europe/Amsterdam' };

  it('counts elapsed time from its anchor across clock changes', () => {
    expect(next(daily, '2026-03-28T20:00:00Z', 2, '2026-03-01T08:30:15.700Z')).toEqual([
      '2026-03-29T08:30:15Z',
      '2026-03-30T08:30:15Z',
    ]);
  });

  it('starts at its anchor', () => {
    expect(next(daily, EPOCH, 2, '2026-03-01T08:30:00Z')).toEqual(['2026-03-01T08:30:00Z', '2026-03-02T08:30:00Z']);
    expect(next(daily, '2026-03-01T08:30:00Z', 1, '2026-03-01T08:30:00Z')).toEqual(['2026-03-02T08:30:00Z']);
  });

  it('ends before a year of five digits', () => {
    const slow: Schedule = { rate: '999999 days', timezone: 'UTC' };
    expect(next(slow, '2026-01-01T00:00:00Z', 9)).toEqual(['4707-11-28T00:00:00Z', '7445-10-23T00:00:00Z']);
  });
});

describe('an at schedule', () => {
  const at = (text: string, timezone = 'Europe/Amsterdam'): Schedule => ({ at: text, timezone });

  it('has one slot until that is over', () => {
    expect(next(at('2026-12-24T18:00:30'), EPOCH)).toEqual(['2026-12-24T17:00:30Z']);
    expect(next(at('2026-12-24T18:00:30'), '2026-12-24T17:00:30Z')).toEqual([]);
  });

  it('has no slot in a gap, and the first slot in a fold', () => {
    expect(next(at('2026-03-29T02:30:00'), EPOCH)).toEqual([]);
    expect(next(at('2026-03-29T03:00:00'), EPOCH)).toEqual(['2026-03-29T01:00:00Z']);
    expect(next(at('2026-10-25T02:30:00'), EPOCH)).toEqual(['2026-10-25T00:30:00Z']);
  });
});

describe('the calendar', () => {
  it('lists the slots between two instants, including the last instant', () => {
    const noon = cron('0 12 * * ? *');
    const between = (after: string, to: string) =>
      dueBetween(noon, new Date(after), new Date(to), { anchor: new Date(EPOCH) }).map(({ slot }) => slot);
    expect(between('2026-11-22T12:00:00Z', '2026-11-24T12:00:00Z')).toEqual([
      '2026-11-23T12:00:00Z',
      '2026-11-24T12:00:00Z',
    ]);
    expect(between('2026-11-22T12:00:00Z', '2026-11-22T12:00:00Z')).toEqual([]);
    expect(between('2026-11-24T12:00:00Z', '2026-11-22T12:00:00Z')).toEqual([]);
  });

  it('reports when EventBridge has no slots left', () => {
    const at = new Date('2026-11-22T12:00:00Z');
    const over = (schedule: Schedule) => isOver(schedule, at);
    const bounds = (end: string) => ({ timezone: 'UTC', end });
    expect(over({ at: '2026-11-22T12:00:00', timezone: 'UTC' })).toBe(true);
    expect(over({ at: '2026-11-22T12:00:01', timezone: 'UTC' })).toBe(false);
    expect(over({ at: '2027-03-28T02:30:00', timezone: 'Europe/Amsterdam', dst: { gap: 'after' } })).toBe(true);
    expect(over({ cron: '0 12 * * ? 2025', timezone: 'UTC' })).toBe(true);
    expect(over({ ...bounds('2026-11-23T11:59:59'), cron: '0 12 * * ? *' })).toBe(true);
    expect(over({ ...bounds('2026-11-23T12:00:00'), cron: '0 12 * * ? *' })).toBe(false);
    expect(over({ ...bounds('2026-11-22T12:00:00'), rate: '7 days' })).toBe(true);
    expect(over({ ...bounds('2026-11-22T12:00:01'), rate: '7 days' })).toBe(false);
    expect(over({ ...bounds('2026-11-24T00:00:00'), cron: '0 12 * * ? *', exclude: ['2026-11-23'] })).toBe(false);
  });

  it('finds a thousand slots of every minute, and the next slot of a rare day, quickly', () => {
    const began = performance.now();
    next(cron('* * * * ? *', 'Europe/Amsterdam'), '2026-11-22T23:59:00Z', 1000);
    next({ ...cron('0 0 29 2 ? *'), start: '2096-03-01T00:00:00' }, EPOCH, 1);
    expect(performance.now() - began).toBeLessThan(500);
  });

  it('rejects invalid schedules by name', () => {
    for (const wrong of [{ cron: '0 9 * * * *' }, { rate: '5 fortnights' }, { rate: '0 days' }, { at: 'tomorrow' }]) {
      const schedule = { ...wrong, timezone: 'UTC' } as Schedule;
      expect(() => next(schedule, EPOCH)).toThrow(expect.objectContaining({ name: 'InvalidJob' }));
    }
  });

  it('rejects an invalid instant or time zone', () => {
    const noon = cron('0 12 * * ? *');
    expect(() => next(noon, 'never')).toThrow(RangeError);
    expect(() => next({ rate: '1 day', timezone: 'UTC' }, EPOCH, 1, 'never')).toThrow(RangeError);
    expect(() => next(cron('0 12 * * ? *', 'Europe/Atlantis'), EPOCH)).toThrow(RangeError);
  });
});
