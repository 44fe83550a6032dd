import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Job } from '../../lib/job/job.ts';
import { nothingSpent, overBudget, spend } from '../../lib/policy/budget.ts';
import { experience, forecast } from '../../lib/report/forecast.ts';
import { dueBetween } from '../../lib/schedule/calendar.ts';
import { slotAt } from '../../lib/schedule/slot.ts';
import { failed, runOf, skip, succeeded } from '../kit/explained.ts';
import { job } from '../kit/job.ts';
import { plays } from '../kit/law-plays.ts';

const now = new Date('2026-11-01T00:00:00Z');
const until = new Date('2026-12-01T00:00:00Z');
const daily = (limits: Record<string, unknown> = {}, schedule: Record<string, unknown> = {}) =>
  job({ schedule: { cron: '0 9 * * ? *', timezone: 'Europe/Amsterdam', ...schedule }, limits });
const slotOf = (day: number) => slotAt(new Date(Date.UTC(2026, 9, day, 7)));
const due = (of: Job, to = until) => dueBetween(of.schedule, now, to, { anchor: now });
const past = (of: Job, prices: (number | null)[]) =>
  prices.map((usd, day) => runOf(of, slotOf(day + 1), succeeded(slotOf(day + 1), usd)));

test('a forecast takes the cost of a run, its retries and the failure rate from past runs', () => {
  const report = daily();
  const runs = [...past(report, [0.01, 0.02, 0.03]), runOf(report, slotOf(20), failed(slotOf(20), 0.1, 4))];
  const known = experience(report, runs);
  expect(known).toMatchObject({ runs: 4, priced: 4, failedShare: 0.25, attempts: 7 / 4 });
  expect(known?.usd?.mean).toBeCloseTo(0.04);
  expect(known?.usd).toMatchObject({ low: 0.01, high: 0.1 });
});

test('a forecast leaves runs that received no reply out of the cost, and says how many', () => {
  const report = daily();
  const failedAt = (day: number) => runOf(report, slotOf(day), failed(slotOf(day), 0, 2));
  const known = experience(report, [...past(report, [0.02, 0.04]), failedAt(20), failedAt(21)]);
  expect(known).toMatchObject({ runs: 4, priced: 2, unreached: 2, failedShare: 0.5 });
  expect(known?.usd?.mean).toBeCloseTo(0.03);
  const silent = [failedAt(20), failedAt(21)];
  expect(experience(report, silent)).toMatchObject({ runs: 2, priced: 0, unreached: 2, usd: null });
  expect(forecast(report, due(report), silent, nothingSpent).usd).toBeNull();
});

test('a forecast gives p10 and p90 of the cost of a run', () => {
  const prices = Array.from({ length: 20 }, (_, at) => (at + 1) / 100);
  const report = daily();
  expect(experience(report, past(report, prices))?.usd).toMatchObject({ low: 0.02, high: 0.18 });
});

test('a forecast has no averages without an ended run of the same model, and no cost without a known price', () => {
  const report = daily();
  const other = { ...report, model: 'scripted/other' };
  const runs = [runOf(report, slotOf(1), null), runOf(report, slotOf(2), skip(slotOf(2), { why: 'paused' }))];
  expect(experience(report, [...runs, ...past(other, [1])])).toBeNull();
  const told = forecast(report, due(report), past(report, [null, null]), nothingSpent);
  expect(told).toMatchObject({ runs: 30, usd: null, experience: { runs: 2, priced: 0, usd: null } });
  expect(experience(report, past(report, [null, 0.5]))).toMatchObject({ runs: 2, priced: 1, usd: { mean: 0.5 } });
});

test('a forecast counts the future slots that the calendar does not skip', () => {
  const report = daily({}, { exclude: ['2026-11-05'] });
  const told = forecast(report, due(report), past(report, [0.02, 0.04]), nothingSpent);
  expect(told).toMatchObject({ slots: 29, runs: 29, limits: [] });
  expect(told.usd?.mean).toBeCloseTo(0.87);
  expect([told.usd?.low, told.usd?.high].map((usd) => usd?.toFixed(2))).toEqual(['0.58', '1.16']);
});

test('a forecast gives the day on which a monthly limit is reached, including the usage so far', () => {
  const report = daily({ perMonth: { usd: 5 } });
  const runs = past(report, [0.25]);
  const told = forecast(report, due(report), runs, nothingSpent);
  expect(told).toMatchObject({ slots: 30, runs: 20 });
  expect(told.limits).toEqual([{ period: 'month', of: 'usd', limit: 5, reachedOn: '2026-11-21', skipped: 10 }]);
  const spent = { day: { of: '2026-11-01', usd: 0, runs: 0 }, month: { of: '2026-11', usd: 4.5, runs: 9 } };
  expect(forecast(report, due(report), runs, spent).limits).toMatchObject([{ reachedOn: '2026-11-03', skipped: 28 }]);
  expect(forecast(report, due(report), past(report, [null]), spent).limits).toMatchObject([{ reachedOn: null }]);
});

test('a forecast starts each day and each month from zero', () => {
  const often = job({ schedule: { rate: '1 hour' }, limits: { perDay: { runs: 10 } } });
  const told = forecast(often, due(often, new Date('2026-11-30T23:59:59Z')), [], nothingSpent);
  expect(told).toMatchObject({ slots: 719, experience: null, usd: null });
  expect(told.limits).toMatchObject([{ period: 'day', of: 'runs', limit: 10, reachedOn: '2026-11-01' }]);
  expect(told.runs).toBe(30 * 10);
});

test('a forecast counts the runs that the budget would allow', () => {
  const usd = fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined });
  const rule = fc.record({ usd, runs: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined }) });
  fc.assert(
    fc.property(rule, rule, fc.constantFrom('Asia/Tokyo', 'America/New_York'), (perDay, perMonth, timezone) => {
      const often = job({ schedule: { cron: '0 0/3 * * ? *', timezone }, limits: { perDay, perMonth } });
      const slots = due(often, new Date('2026-11-10T00:00:00Z'));
      let [spent, runs] = [nothingSpent, 0];
      for (const { slot } of slots) {
        if (overBudget(often, spent, slot) !== undefined) continue;
        spent = spend(spent, { slot, usd: 1, runs: 1 }, timezone);
        runs += 1;
      }
      expect(forecast(often, slots, past(often, [1]), nothingSpent).runs).toBe(runs);
    }),
    { numRuns: plays(40) },
  );
});
