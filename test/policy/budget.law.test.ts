import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nothingSpent, overBudget, type Spending, spend, spentOf } from '../../lib/policy/budget.ts';
import { localDate } from '../../lib/schedule/local-date.ts';
import { slotAt } from '../../lib/schedule/slot.ts';
import { job } from '../kit/job.ts';

const zones = ['UTC', 'Europe/Amsterdam', 'America/New_York', 'Pacific/Apia', 'Asia/Kathmandu', 'Australia/Lord_Howe'];
const zone = fc.constantFrom(...zones);
const from = Date.parse('2026-10-20T00:00:00Z');
/** Slots over seven weeks with their costs. Clocks change in them, and two months end. */
const spending = fc.array(
  fc.record({
    slot: fc.integer({ min: 0, max: 50 * 24 * 60 }).map((minutes) => slotAt(new Date(from + minutes * 60_000))),
    usd: fc.integer({ min: 0, max: 1000 }).map((cents) => cents / 100),
    runs: fc.constantFrom(0, 1),
  }),
  { minLength: 1, maxLength: 40 },
);
type Spent = { slot: string; usd: number; runs: number };
const all = (spent: Spent[], timezone: string): Spending =>
  spent.reduce((state, one) => spend(state, one, timezone), nothingSpent);

test('the budget of each local day and month is the sum of its own slots, delivered in order', () => {
  fc.assert(
    fc.property(spending, zone, (found, timezone) => {
      const spent = found.toSorted((a, b) => a.slot.localeCompare(b.slot));
      const last = spent.at(-1)?.slot ?? '';
      for (const [period, length] of [
        ['day', 10],
        ['month', 7],
      ] as const) {
        const of = localDate(last, timezone).slice(0, length);
        const own = spent.filter(({ slot }) => localDate(slot, timezone).startsWith(of));
        const kept = all(spent, timezone)[period];
        expect(kept.of).toBe(of);
        expect(kept.runs).toBe(own.reduce((sum, { runs }) => sum + runs, 0));
        expect(kept.usd).toBeCloseTo(own.reduce((sum, { usd }) => sum + usd, 0));
      }
    }),
  );
});

test('the budget counts every cost of slots in any order, that of a past day in the current one', () => {
  fc.assert(
    fc.property(spending, zone, (spent, timezone) => {
      let state = nothingSpent;
      let [usd, runs, of] = [0, 0, ''];
      for (const one of spent) {
        const day = localDate(one.slot, timezone);
        if (day > of) [usd, runs, of] = [0, 0, day];
        [usd, runs] = [usd + one.usd, runs + one.runs];
        state = spend(state, one, timezone);
        expect(state.day).toEqual({ of, usd: expect.closeTo(usd), runs });
        expect(spentOf(state, one.slot, timezone).day).toEqual(state.day);
      }
    }),
  );
});

test('the budget takes a run back from its own day only', () => {
  const timezone = 'Europe/Amsterdam';
  const [today, tomorrow] = ['2026-11-22T22:59:00Z', '2026-11-22T23:00:00Z'];
  const one = spend(nothingSpent, { slot: today, usd: 0, runs: 1 }, timezone);
  expect(spend(one, { slot: today, usd: 0, runs: -1 }, timezone).day).toEqual({ of: '2026-11-22', usd: 0, runs: 0 });
  const next = spend(one, { slot: tomorrow, usd: 0, runs: 1 }, timezone);
  expect(spend(next, { slot: today, usd: 0, runs: -1 }, timezone).day).toEqual({ of: '2026-11-23', usd: 0, runs: 1 });
});

test('the budget can be stored, however large a cost the provider reports', () => {
  const most = { slot: '2026-11-22T07:00:00Z', usd: Number.MAX_VALUE, runs: 1 };
  const twice = spend(spend(nothingSpent, most, 'UTC'), most, 'UTC');
  expect(JSON.parse(JSON.stringify(twice))).toEqual(twice);
});

describe('a job with a budget', () => {
  const limited = job({
    schedule: { cron: '0 * * * ? *', timezone: 'America/New_York' },
    limits: { perDay: { runs: 2 }, perMonth: { usd: 1 } },
  });
  const having = (...spent: Spent[]) => all(spent, 'America/New_York');

  test('starts runs up to its limit of a local day, and again the next day', () => {
    const evening = { slot: '2026-11-22T20:00:00Z', usd: 0, runs: 1 };
    expect(overBudget(limited, having(evening), '2026-11-22T21:00:00Z')).toBeUndefined();
    const full = having(evening, { ...evening, slot: '2026-11-23T04:59:00Z' });
    expect(overBudget(limited, full, '2026-11-23T04:59:30Z')).toBe('2026-11-22 has had 2 of 2 runs allowed');
    expect(overBudget(limited, full, '2026-11-23T05:00:00Z')).toBeUndefined();
  });

  test('starts runs until their cost reaches its limit of a month', () => {
    const almost = { slot: '2026-11-22T20:00:00Z', usd: 0.999, runs: 1 };
    expect(overBudget(limited, having(almost), '2026-11-23T07:00:00Z')).toBeUndefined();
    const full = having(almost, { ...almost, usd: 0.001 });
    expect(overBudget(limited, full, '2026-11-23T07:00:00Z')).toBe('2026-11 has cost 1.0000 of 1 usd allowed');
    expect(overBudget(limited, full, '2026-12-01T06:00:00Z')).toBeUndefined();
  });

  test('is held to its limit also for slots of a past day that are caught up', () => {
    const today = { slot: '2026-11-23T07:00:00Z', usd: 0, runs: 1 };
    const caughtUp = { slot: '2026-11-20T07:00:00Z', usd: 0, runs: 1 };
    expect(overBudget(limited, having(today), caughtUp.slot)).toBeUndefined();
    expect(overBudget(limited, having(today, caughtUp), caughtUp.slot)).toContain('2 of 2 runs');
  });

  test('is never over budget without limits', () => {
    expect(
      overBudget(job(), having({ slot: '2026-11-22T20:00:00Z', usd: 1e6, runs: 1e6 }), '2026-11-22T20:00:00Z'),
    ).toBe(undefined);
  });
});
