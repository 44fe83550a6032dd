import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { schedules } from '../../infra/stack/schedules.ts';
import { Job } from '../../lib/job/job.ts';

const now = new Date('2026-11-25T12:00:00Z');

const Properties = z.looseObject({});
const Resource = z.object({ Properties });

/** The deployed schedules of a job with this schedule, or undefined where it has none. */
const deployed = (schedule: object, more: object = {}) => {
  const job = Job.parse({ name: 'tick', schedule, model: 'anthropic/x', prompt: 'Go.', ...more });
  const { ScheduleGroup, ...rest } = schedules([job], now);
  expect(ScheduleGroup).toBeDefined();
  return Object.values(rest).map((resource) => Resource.parse(resource).Properties)[0];
};

describe('the deployed schedules', () => {
  it('leave out a start that has passed, which AWS would refuse, and keep a future one', () => {
    const start = (text: string) => deployed({ rate: '1 day', start: text })?.StartDate;
    expect(start('2026-11-25T12:00:00')).toBeUndefined();
    expect(start('2026-11-25T12:01:00')).toBe('2026-11-25T12:01:00Z');
  });

  it.each([
    ['has ended', { rate: '1 day', end: '2026-11-25T12:00:00' }],
    ['has no slot before its end', { cron: '0 9 * * ? *', end: '2026-11-26T08:00:00' }],
    ['has used up its years', { cron: '0 9 * * ? 2025', timezone: 'UTC' }],
    ['was due once', { at: '2026-11-25T12:00:00' }],
    [
      'is due once, at a local time that does not exist',
      { at: '2027-03-28T02:30:00', timezone: 'Europe/Amsterdam', dst: { gap: 'after' } },
    ],
  ])('leave out a job that %s', (_, schedule) => {
    expect(deployed(schedule)).toBeUndefined();
  });

  it('leave out a disabled job', () => {
    expect(deployed({ rate: '1 day' }, { enabled: false })).toBeUndefined();
  });

  it('fire on excluded dates and in clock changes too, since dispatch records those slots', () => {
    const cron = { cron: '30 2 * * ? *', timezone: 'Europe/Amsterdam' };
    const more = { dst: { gap: 'after', fold: 'last' }, exclude: ['2026-11-26'] };
    expect(deployed({ ...cron, ...more })).toEqual(deployed(cron));
  });

  it('have another logical id for each date of a one-time job, whose earlier schedule may be gone', () => {
    const [first, second] = ['2027-01-01T09:00:00', '2027-01-02T09:00:00'].map((at) => deployed({ at }));
    expect(first).toMatchObject({ Name: 'tick-20270101T090000' });
    expect(second).toMatchObject({ Name: 'tick-20270102T090000', ScheduleExpression: 'at(2027-01-02T09:00:00)' });
  });
});
