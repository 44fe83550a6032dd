import { describe, expect, it } from 'vitest';
import type { Job } from '../../lib/job/job.ts';
import { slotAt } from '../../lib/schedule/slot.ts';
import type { Segment } from '../../lib/watch/expected-slots.ts';
import { lookWindow, mostJudged } from '../../lib/watch/look-window.ts';
import { job } from '../kit/job.ts';

const to = new Date('2026-11-22T12:00:00Z');
const ago = (minutes: number) => new Date(to.getTime() - minutes * 60_000);
const slotsAgo = (minutes: number) => slotAt(ago(minutes));
const day = 24 * 60;

const windowOf = (declared: Job, after: Date, change?: { at: Date; schedule: Job['schedule'] }) => {
  const anchor = { at: slotAt(after), confirmed: true };
  const until = change?.at ?? to;
  const segments: Segment[] = [{ schedule: declared.schedule, after, to: until, anchor }];
  if (change) segments.push({ schedule: change.schedule, after: until, to, anchor });
  return lookWindow(declared, segments, { after, to, now: new Date(to.getTime() + 1000) });
};
const minutely = (policy: string, more: Record<string, unknown> = {}) =>
  job({ schedule: { cron: '* * * * ? *' }, catchUp: { policy, ...more }, overlap: 'queue-one' });

describe('the window of a check', () => {
  it('is everything that was due, up to its bound', () => {
    expect(windowOf(minutely('latest'), ago(mostJudged))).toMatchObject({ closed: undefined, beyond: undefined });
    expect(windowOf(minutely('latest'), ago(mostJudged)).due).toHaveLength(mostJudged);
    expect(windowOf(minutely('all'), ago(0))).toEqual({ due: [], closed: undefined, beyond: undefined });
  });

  it.each(['latest', 'none'])(
    'after a long absence is the newest slots, and the older ones are closed (%s)',
    (policy) => {
      for (const minutes of [mostJudged + 1, day, 7 * day, 366 * day]) {
        const { due, closed, beyond } = windowOf(minutely(policy), ago(minutes));
        expect(closed).toEqual({ from: slotsAgo(minutes - 1), to: slotsAgo(mostJudged) });
        expect([due.length, due[0]?.slot, due.at(-1)?.slot]).toEqual([
          mostJudged,
          slotsAgo(mostJudged - 1),
          slotsAgo(0),
        ]);
        expect(beyond).toBeUndefined();
      }
    },
  );

  it('holds the newest slots also of a schedule that fires in bursts', () => {
    // Every minute of Sunday's first ten hours: 600 slots a week. The last burst ended two hours before.
    const burst = job({ schedule: { cron: '* 0-9 ? * 1 *' } });
    const { due, closed } = windowOf(burst, ago(4 * 7 * day));
    expect([due.length, due.at(-1)?.slot]).toEqual([mostJudged, '2026-11-22T09:59:00Z']);
    expect(closed?.to).toBe('2026-11-22T01:39:00Z');
  });

  it('is the oldest slots that may still run, where each is caught up, and the next check goes on behind them', () => {
    const { due, closed, beyond } = windowOf(minutely('all', { withinSeconds: 2 * 86_400 }), ago(30 * day));
    expect(closed).toEqual({ from: slotsAgo(30 * day - 1), to: slotsAgo(2 * day) });
    expect([due.length, due[0]?.slot, beyond]).toEqual([
      mostJudged,
      slotsAgo(2 * day - 1),
      slotsAgo(2 * day - 1 - mostJudged),
    ]);
  });

  it('closes none where each slot is caught up and few are too old', () => {
    const { due, closed, beyond } = windowOf(minutely('all', { withinSeconds: 86_400 }), ago(day + 100));
    expect([due[0]?.slot, closed, beyond]).toEqual([slotsAgo(day + 99), undefined, slotsAgo(day + 99 - mostJudged)]);
  });

  it('closes all where none may still run', () => {
    const ended = job({
      schedule: { cron: '* * * * ? *', end: '2026-11-20T00:00:00' },
      catchUp: { policy: 'all', withinSeconds: 3600 },
    });
    expect(windowOf(ended, ago(30 * day))).toEqual({
      due: [],
      closed: { from: slotsAgo(30 * day - 1), to: slotsAgo(60) },
      beyond: undefined,
    });
  });

  it('counts the slots of the schedule before a change and of the one after it', () => {
    const at = ago(2 * day);
    const change = { at, schedule: minutely('latest').schedule };
    const { due, closed } = windowOf(job({ schedule: { cron: '0 * * * ? *' } }), ago(9 * day), change);
    expect([due.length, closed?.from]).toEqual([mostJudged, slotsAgo(9 * day - 60)]);
    const back = { at, schedule: job({ schedule: { cron: '0 * * * ? *' } }).schedule };
    expect(windowOf(minutely('latest'), ago(9 * day), back)).toMatchObject({
      closed: { to: slotsAgo(2 * day + mostJudged - 48) },
    });
  });
});
