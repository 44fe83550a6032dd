import type { Job } from '../job/job.ts';
import { hasRun, type Ran } from '../run/outcome.ts';
import type { Run } from '../run/run.ts';
import type { Due } from '../schedule/calendar.ts';
import { openZone } from '../schedule/time-zone.ts';

/** The mean of some numbers, and between which of them four of five lie (p10 and p90). */
type Spread = { mean: number; low: number; high: number };

/** What past runs of a job were like, retries and all. `usd` is null where no price of theirs is known. */
export type Experience = { runs: number; priced: number; failedShare: number; attempts: number; usd: Spread | null };

/** A limit of a day or month, and the local date on which it is first in the way of a slot, or null. */
export type LimitOutlook = {
  period: 'day' | 'month';
  of: 'usd' | 'runs';
  limit: number;
  reachedOn: string | null;
  skipped: number;
};

/** What is to be expected of a job: how many of its slots run, what they cost, and which limit stands in their way. */
export type Forecast = {
  slots: number;
  runs: number;
  experience: Experience | null;
  usd: Spread | null;
  limits: LimitOutlook[];
};

/** What a period has taken so far. */
type Taken = { of: string; usd: number; runs: number };
export type TakenSoFar = { day: Taken; month: Taken };

/** The value below which a share of the sorted numbers lies: one of them. */
const quantile = (sorted: number[], share: number): number =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;

const spreadOf = (numbers: number[]): Spread | null => {
  if (numbers.length === 0) return null;
  const sorted = numbers.toSorted((a, b) => a - b);
  const sum = sorted.reduce((all, one) => all + one, 0);
  return { mean: sum / sorted.length, low: quantile(sorted, 0.1), high: quantile(sorted, 0.9) };
};

const outcomesOf = ({ outcome }: Run): Ran[] => (hasRun(outcome) ? [outcome] : []);

/** What runs of the job's own model were like. Null where none of them has ended. */
export const experience = (job: Job, past: Run[]): Experience | null => {
  const outcomes = past.filter((run) => run.job.model === job.model).flatMap(outcomesOf);
  if (outcomes.length === 0) return null;
  const prices = outcomes.flatMap(({ usage }) => (usage.usd === null ? [] : [usage.usd]));
  const failed = outcomes.filter(({ status }) => status === 'failed').length;
  const attempts = outcomes.reduce((sum, one) => sum + one.attempts, 0);
  return {
    runs: outcomes.length,
    priced: prices.length,
    failedShare: failed / outcomes.length,
    attempts: attempts / outcomes.length,
    usd: spreadOf(prices),
  };
};

const rulesOf = ({ limits }: Job): LimitOutlook[] =>
  (['day', 'month'] as const).flatMap((period) => {
    const rules = period === 'day' ? limits.perDay : limits.perMonth;
    return (['usd', 'runs'] as const).flatMap((of) => {
      const limit = rules?.[of];
      return limit === undefined ? [] : [{ period, of, limit, reachedOn: null, skipped: 0 }];
    });
  });

const moved = (taken: Taken, of: string): Taken => (taken.of === of ? taken : { of, usd: 0, runs: 0 });

/**
 * What becomes of the slots to come if each run costs what past ones did on average: they run one after the other, until a limit of their
 * local day or month is reached, as the budget would have it. `taken`: what the current day and month have taken already.
 */
export const forecast = (job: Job, due: Due[], past: Run[], taken: TakenSoFar): Forecast => {
  const known = experience(job, past);
  const zone = openZone(job.schedule.timezone);
  const limits = rulesOf(job);
  const slots = due.filter(({ skip }) => skip === undefined);
  let [{ day, month }, runs] = [taken, 0];
  for (const { slot } of slots) {
    const instant = Date.parse(slot);
    const date = new Date(instant + zone.offsetAt(instant)).toJSON().slice(0, 10);
    day = moved(day, date);
    month = moved(month, date.slice(0, 7));
    const so = { day, month };
    const broken = limits.find(({ period, of, limit }) => so[period][of] >= limit);
    if (broken) {
      broken.reachedOn ??= date;
      broken.skipped += 1;
      continue;
    }
    runs += 1;
    const usd = known?.usd?.mean ?? 0;
    day = { ...day, usd: day.usd + usd, runs: day.runs + 1 };
    month = { ...month, usd: month.usd + usd, runs: month.runs + 1 };
  }
  const each = known?.usd;
  const usd = each ? { mean: runs * each.mean, low: runs * each.low, high: runs * each.high } : null;
  return { slots: slots.length, runs, experience: known, usd, limits };
};
