import * as z from 'zod';
import type { Job } from '../job/job.ts';
import { localDate } from '../schedule/local-date.ts';
import type { Slot } from '../schedule/slot.ts';

/** The spending of a day (`of: 2026-11-22`) or a month (`of: 2026-11`), in the job's time zone. */
const Spent = z.strictObject({ of: z.string(), usd: z.number().nonnegative(), runs: z.int().nonnegative() });

/** What a job spent in the last day and month with any run. `usd` counts all runs, `runs` only scheduled ones. */
export const Spending = z.strictObject({ day: Spent, month: Spent });
export type Spending = z.infer<typeof Spending>;
type Period = keyof Spending;

export const nothingSpent: Spending = { day: { of: '', usd: 0, runs: 0 }, month: { of: '', usd: 0, runs: 0 } };

const periodOf = (period: Period, slot: Slot, zone: string): string =>
  localDate(slot, zone).slice(0, period === 'day' ? 10 : 7);

/**
 * Adds to the period of a slot. Earlier periods are not kept: a slot of one counts toward the current period, so that the limits apply to
 * slots caught up later.
 */
const added = (period: Period, spending: Spending, spent: { usd: number; runs: number }, of: string) => {
  const known = spending[period];
  const { usd, runs } = of > known.of ? { usd: 0, runs: 0 } : known;
  const more = of < known.of ? Math.max(0, spent.runs) : spent.runs;
  return {
    of: of > known.of ? of : known.of,
    usd: Math.min(usd + spent.usd, Number.MAX_VALUE),
    runs: Math.max(0, runs + more),
  };
};

/** The spending with this added, at the slot's local day and month. `runs: -1` takes back a run that was skipped after all. */
export const spend = (
  spending: Spending,
  spent: { slot: Slot; usd: number; runs: number },
  zone: string,
): Spending => ({
  day: added('day', spending, spent, periodOf('day', spent.slot, zone)),
  month: added('month', spending, spent, periodOf('month', spent.slot, zone)),
});

/** What the job spent in the day and the month of a slot. */
export const spentOf = (spending: Spending, slot: Slot, zone: string): Spending =>
  spend(spending, { slot, usd: 0, runs: 0 }, zone);

/** Which limit another run at this slot would exceed, in words. Undefined: none. */
export const overBudget = ({ limits, schedule }: Job, spending: Spending, slot: Slot): string | undefined => {
  const spent = spentOf(spending, slot, schedule.timezone);
  const rules = [
    ['day', limits.perDay],
    ['month', limits.perMonth],
  ] as const;
  for (const [period, limit] of rules) {
    const { of, usd, runs } = spent[period];
    if (limit?.runs !== undefined && runs >= limit.runs) return `${of} has had ${runs} of ${limit.runs} runs allowed`;
    if (limit?.usd !== undefined && usd >= limit.usd)
      return `${of} has cost ${usd.toFixed(4)} of ${limit.usd} usd allowed`;
  }
  return undefined;
};
