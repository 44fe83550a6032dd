import * as z from 'zod';
import type { Job } from '../job/job.ts';
import { localDate } from '../schedule/schedule.ts';
import type { Slot } from '../schedule/slot.ts';

/** What was spent `of` a day (`2026-11-22`) or a month (`2026-11`) of the job's time zone. */
const Spent = z.strictObject({ of: z.string(), usd: z.number().nonnegative(), runs: z.int().nonnegative() });

/** What a job has spent of the last day and month in which it spent anything. Cost counts all its runs, `runs` those of its schedule. */
export const Spending = z.strictObject({ day: Spent, month: Spent });
export type Spending = z.infer<typeof Spending>;
type Period = keyof Spending;

export const nothingSpent: Spending = { day: { of: '', usd: 0, runs: 0 }, month: { of: '', usd: 0, runs: 0 } };

const periodOf = (period: Period, slot: Slot, zone: string): string =>
  localDate(slot, zone).slice(0, period === 'day' ? 10 : 7);

/**
 * Adds to the period a slot belongs to. One that is over is not kept any more: what is spent of it counts to the one that is, so
 * that slots which are caught up later find a limit too.
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

/** The spending with this added, at the slot's local day and month. A run that was not made after all is `-1`. */
export const spend = (
  spending: Spending,
  spent: { slot: Slot; usd: number; runs: number },
  zone: string,
): Spending => ({
  day: added('day', spending, spent, periodOf('day', spent.slot, zone)),
  month: added('month', spending, spent, periodOf('month', spent.slot, zone)),
});

/** What the job has spent of the day and the month of a slot. */
export const spentOf = (spending: Spending, slot: Slot, zone: string): Spending =>
  spend(spending, { slot, usd: 0, runs: 0 }, zone);

/** Which limit a further run at this slot would break, in words, or undefined. */
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
