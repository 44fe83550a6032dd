import type { Job } from '../job/job.ts';
import { costOf, hasRun, type Ran } from '../run/outcome.ts';
import type { Run } from '../run/run.ts';
import type { Due } from '../schedule/calendar.ts';
import { openZone } from '../schedule/time-zone.ts';

/** The mean of some numbers, and the range from p10 (`low`) to p90 (`high`). */
type Spread = { mean: number; low: number; high: number };

/**
 * Statistics of a job's past runs, retries included. `usd` is null if no run has a known cost. `unreached`: runs that received no reply, so that
 * they say nothing of the cost.
 */
export type Experience = {
  runs: number;
  priced: number;
  unreached: number;
  failedShare: number;
  attempts: number;
  usd: Spread | null;
};

/** A limit of a day or month, and the first local date on which it stops a slot, or null. */
export type LimitOutlook = {
  period: 'day' | 'month';
  of: 'usd' | 'runs';
  limit: number;
  reachedOn: string | null;
  skipped: number;
};

/** A job's expected runs and cost in a period, and the limits that will stop slots. */
export type Forecast = {
  slots: number;
  runs: number;
  experience: Experience | null;
  usd: Spread | null;
  limits: LimitOutlook[];
};

/** What a day or month has used so far. `of` is its local date, `2026-11-22` or `2026-11`. */
type Taken = { of: string; usd: number; runs: number };
export type TakenSoFar = { day: Taken; month: Taken };

/** The quantile of sorted numbers by the nearest-rank method: always one of them. */
const quantile = (sorted: number[], share: number): number =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;

const spreadOf = (numbers: number[]): Spread | null => {
  if (numbers.length === 0) return null;
  const sorted = numbers.toSorted((a, b) => a - b);
  const sum = sorted.reduce((total, number) => total + number, 0);
  return { mean: sum / sorted.length, low: quantile(sorted, 0.1), high: quantile(sorted, 0.9) };
};

const outcomesOf = ({ outcome }: Run): Ran[] => (hasRun(outcome) ? [outcome] : []);

/** Statistics of the past runs with the job's current model. Null if none of them has ended. */
export const experience = (job: Job, past: Run[]): Experience | null => {
  const outcomes = past.filter((run) => run.job.model === job.model).flatMap(outcomesOf);
  if (outcomes.length === 0) return null;
  const prices = outcomes.map(costOf).filter((usd) => usd !== null);
  const failed = outcomes.filter(({ status }) => status === 'failed').length;
  const attempts = outcomes.reduce((sum, outcome) => sum + outcome.attempts, 0);
  return {
    runs: outcomes.length,
    priced: prices.length,
    unreached: outcomes.filter(
      (outcome) => outcome.status === 'failed' && outcome.usage.usd === 0 && costOf(outcome) === null,
    ).length,
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

const inPeriod = (taken: Taken, of: string): Taken => (taken.of === of ? taken : { of, usd: 0, runs: 0 });

/**
 * Forecasts future slots, assuming that each run costs what past runs did on average.
 * Slots run in order until a limit of their local day or month stops them; `taken` is the current day's and month's usage so far.
 */
export const forecast = (job: Job, due: Due[], past: Run[], taken: TakenSoFar): Forecast => {
  const average = experience(job, past);
  const zone = openZone(job.schedule.timezone);
  const limits = rulesOf(job);
  const slots = due.filter(({ skip }) => skip === undefined);
  let [{ day, month }, runs] = [taken, 0];
  for (const { slot } of slots) {
    const instant = Date.parse(slot);
    const date = new Date(instant + zone.offsetAt(instant)).toJSON().slice(0, 10);
    day = inPeriod(day, date);
    month = inPeriod(month, date.slice(0, 7));
    const used = { day, month };
    const reached = limits.find(({ period, of, limit }) => used[period][of] >= limit);
    if (reached) {
      reached.reachedOn ??= date;
      reached.skipped += 1;
      continue;
    }
    runs += 1;
    const usd = average?.usd?.mean ?? 0;
    day = { ...day, usd: day.usd + usd, runs: day.runs + 1 };
    month = { ...month, usd: month.usd + usd, runs: month.runs + 1 };
  }
  const each = average?.usd;
  const usd = each ? { mean: runs * each.mean, low: runs * each.low, high: runs * each.high } : null;
  return { slots: slots.length, runs, experience: average, usd, limits };
};
