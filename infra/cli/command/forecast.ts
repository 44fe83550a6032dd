import type { Job } from '../../../lib/job/job.ts';
import { nothingSpent, spentOf } from '../../../lib/policy/budget.ts';
import { pausedNow } from '../../../lib/policy/pause.ts';
import {
  type Experience,
  type Forecast,
  forecast as forecastOf,
  type LimitOutlook,
} from '../../../lib/report/forecast.ts';
import { inEnglish } from '../../../lib/report/schedule-text.ts';
import { anchorOf } from '../../../lib/report/why.ts';
import { dueBetween } from '../../../lib/schedule/calendar.ts';
import { slotAt } from '../../../lib/schedule/slot.ts';
import { findJobAt } from '../client/find-job.ts';
import { reading } from '../client/open.ts';
import type { Target } from '../client/target.ts';
import type { CommandJson } from '../contract/contract.ts';
import { exitCodes } from '../print/exit.ts';
import { cost, count, counted } from '../print/format.ts';
import { toned } from '../print/line.ts';
import { json } from '../print/sanitize.ts';
import type { Terminal } from '../print/terminal.ts';
import { pauseLine } from './pause.ts';

export type ForecastOptions = Target & { infra: string; days: number; json?: boolean };

const dayMs = 86_400_000;
/** How many of a job's last runs tell what the next ones are like. */
const maxRunsRead = 200;

const range = ({ mean, low, high }: NonNullable<Forecast['usd']>): string =>
  low === high ? cost(mean) : `${cost(mean)} (${cost(low)} to ${cost(high)})`;

/** What past runs were like: `$0.0123 ($0.0100 to $0.0200), 1.2 attempts, 5 % failed, by the last 41 runs`. */
export const experienceText = (known: Experience | null): string => {
  if (!known) return 'what it takes is not known, since none with its model has ended yet';
  const { runs, priced, unreached, attempts, failedShare, usd } = known;
  const price = usd ? range(usd) : unreached === runs ? 'its cost is not known' : 'no price is known';
  const failed = `${Math.round(failedShare * 100)} % failed`;
  const other = runs - priced - unreached;
  const unpriced = usd && other > 0 ? `, ${count(other)} of them without a known price` : '';
  const silent =
    unreached > 0 ? `, ${count(unreached)} of them without a reply of the model, which do not count to the cost` : '';
  return `${price}, ${attempts.toFixed(1)} attempts, ${failed}, by the last ${counted(runs, 'run')}${unpriced}${silent}`;
};

const limitText = ({ period, of, limit, reachedOn, skipped }: LimitOutlook, { usd }: Forecast): string => {
  if (of === 'usd' && usd === null) return `${cost(limit)} a ${period}: it cannot be told without a known price`;
  const amount = of === 'usd' ? cost(limit) : counted(limit, 'run');
  const reached =
    reachedOn === null ? 'not reached' : `first reached on ${reachedOn}, ${counted(skipped, 'slot')} skipped`;
  return `${amount} a ${period}: ${reached}`;
};

const labelled = (rows: [string, string][]) =>
  rows.map(([label, text]) => ({
    key: label,
    whole: true,
    segments: [toned('dim', `  ${label.padEnd(8)}  `), text],
  }));

const shown = (job: Job, told: Forecast, days: number): [string, string][] => {
  const { slots, runs, experience, usd, limits } = told;
  const all = `${counted(runs, 'run')} in ${counted(days, 'day')}`;
  return [
    ['schedule', `${inEnglish(job.schedule)}, ${job.schedule.timezone}`],
    ['runs', runs === slots ? all : `${all}; ${counted(slots - runs, 'slot')} more would be over a limit`],
    ['a run', experienceText(experience)],
    ['in all', usd === null ? '–' : range(usd)],
    ...limits.map((limit): [string, string] => ['limit', limitText(limit, told)]),
  ];
};

const forPrograms = ({ slots, runs, experience: known, usd, limits }: Forecast) => ({
  slotCount: slots,
  runCount: runs,
  experience: known && {
    runCount: known.runs,
    pricedCount: known.priced,
    unreachedCount: known.unreached,
    failedShare: known.failedShare,
    meanAttempts: known.attempts,
    meanUsd: known.usd?.mean ?? null,
    lowUsd: known.usd?.low ?? null,
    highUsd: known.usd?.high ?? null,
  },
  expectedUsd: usd?.mean ?? null,
  lowUsd: usd?.low ?? null,
  highUsd: usd?.high ?? null,
  limits: limits.map(({ skipped, ...limit }) => ({ ...limit, skippedCount: skipped })),
});

/**
 * Foretells how often a job runs and what it costs, from its calendar and its past runs, and which limit it would reach. A cost is its mean, and in
 * brackets what it is if every run is as cheap or as dear as one of ten. Reads only. Throws UnknownJob.
 */
export const forecast = async (name: string, options: ForecastOptions, out: Terminal): Promise<number> => {
  const { job } = await findJobAt(name, options);
  const now = new Date();
  const zone = job.schedule.timezone;
  const read = await reading(options, async ({ stores: { runs, states, checkpoints } }) => ({
    past: await runs.byJob(name, { limit: maxRunsRead }),
    state: await states.get(name),
    look: await checkpoints.get(name),
  }));
  const { past = [], state, look } = read ?? {};
  const anchor = anchorOf(job, look, past, now);
  const until = new Date(now.getTime() + options.days * dayMs);
  const due = job.enabled ? dueBetween(job.schedule, now, until, { anchor: anchor.known ? anchor.at : now }) : [];
  const told = forecastOf(job, due, past, spentOf(state?.spent ?? nothingSpent, slotAt(now), zone));
  const pause = pausedNow(state?.pauses ?? [], now);
  if (options.json) {
    const range = { from: now.toJSON(), to: until.toJSON(), timezone: zone };
    const answer = { job: name, days: options.days, ...range, ...forPrograms(told), pause: pause ?? null };
    out.say(json(answer satisfies CommandJson['forecast']));
    return exitCodes.succeeded;
  }
  out.print([{ key: 'job', segments: [toned('strong', name)] }, ...labelled(shown(job, told, options.days))]);
  if (pause) out.say(`The job is ${pauseLine(pause, zone)}; this is what it would be without.`);
  if (!job.enabled) out.say('The job file says enabled: false: nothing is due.');
  return exitCodes.succeeded;
};
