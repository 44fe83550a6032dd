import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { alarmNames } from '../stack/alarms.ts';

const Units = z.strictObject({ readUnits: z.number(), writeUnits: z.number() });

/** What a healthy run and a look of the watchman ask of AWS. A test measures them and fails where this file says otherwise. */
export const Counts = z.strictObject({
  run: z.strictObject({
    steps: z.int(),
    invocations: z.strictObject({ dispatch: z.int(), attempt: z.int(), settle: z.int() }),
    states: z.int(),
    store: Units.extend({ keptBytes: z.int() }),
    logs: z.strictObject({ bytes: z.int(), lines: z.int() }),
    metrics: z.record(z.string(), z.int()),
  }),
  look: z.strictObject({
    quiet: Units,
    hourly: Units,
    oneSlot: Units,
    fiveSlots: Units,
    logs: z.strictObject({ bytes: z.int(), lines: z.int() }),
    metrics: z.record(z.string(), z.int()),
  }),
});
export type Counts = z.infer<typeof Counts>;

/** List prices in us-east-1 in US dollars, as of November 2026. Free tiers are not subtracted. */
export const prices = {
  scheduledInvocation: 1 / 1e6,
  lambdaRequest: 0.2 / 1e6,
  gbSecond: 0.0000133334,
  transition: 0.000025,
  readUnit: 0.125 / 1e6,
  writeUnit: 0.625 / 1e6,
  /** The table 0.25, point-in-time recovery 0.20. */
  keptGbMonth: 0.45,
  logGb: 0.5,
  metricMonth: 0.3,
  alarmMonth: 0.1,
  dashboardMonth: 3,
};

/** What cannot be counted here: how long AWS bills an invocation for. Ours are rounded up; a model's time is a guess. */
export const assumed = {
  ownSeconds: 1,
  modelSecondsPerStep: 5,
  lookSecondsPerJob: 0.05,
  attemptGb: 0.5,
  otherGb: 0.25,
  /** Lambda's own START, END and REPORT lines of an invocation. */
  platformBytes: 350,
  platformLines: 3,
  /** What CloudWatch Logs adds to each line. */
  lineBytes: 26,
};

const hours = 720;
const looksPerMonth = hours * 12;
const keptMonths = 404 / 30;
const gb = 1024 ** 3;

/** So many jobs, each with so many runs in a month of 30 days. */
export type Fleet = { name: string; jobs: number; runsPerJob: number };

export const fleets: Fleet[] = [
  { name: '1 job, daily', jobs: 1, runsPerJob: 30 },
  { name: '10 jobs, hourly', jobs: 10, runsPerJob: hours },
  { name: '100 jobs, hourly', jobs: 100, runsPerJob: hours },
  { name: '10 jobs, every minute', jobs: 10, runsPerJob: hours * 60 },
];

type Bill = {
  compute: number;
  states: number;
  store: number;
  kept: number;
  logs: number;
  metrics: number;
  fixed: number;
};

const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);
const unitsCost = ({ readUnits, writeUnits }: z.infer<typeof Units>): number =>
  readUnits * prices.readUnit + writeUnits * prices.writeUnit;

const compute = ({ jobs, runsPerJob }: Fleet, { run }: Counts): number => {
  const { invocations, steps } = run;
  const runs = jobs * runsPerJob;
  const own = (invocations.dispatch + invocations.settle) * assumed.ownSeconds * assumed.otherGb;
  const attempt = invocations.attempt * assumed.ownSeconds + steps * assumed.modelSecondsPerStep;
  const look = (assumed.ownSeconds + jobs * assumed.lookSecondsPerJob) * assumed.otherGb;
  const gbSeconds = runs * (own + attempt * assumed.attemptGb) + looksPerMonth * look;
  const requests = runs * sum(Object.values(invocations)) + looksPerMonth;
  return runs * prices.scheduledInvocation + requests * prices.lambdaRequest + gbSeconds * prices.gbSecond;
};

/** A look after a slot costs more than a quiet look. Every look that found several slots is priced as a look after five. */
const store = ({ jobs, runsPerJob }: Fleet, { run, look }: Counts): number => {
  const busy = Math.min(runsPerJob, looksPerMonth);
  const hourly = Math.max(0, hours - busy);
  const looks =
    busy * unitsCost(runsPerJob > busy ? look.fiveSlots : look.oneSlot) +
    hourly * unitsCost(look.hourly) +
    (looksPerMonth - busy - hourly) * unitsCost(look.quiet);
  return jobs * (runsPerJob * unitsCost(run.store) + looks);
};

const logs = ({ jobs, runsPerJob }: Fleet, { run, look }: Counts): number => {
  const bytes = (own: { bytes: number; lines: number }, invocations: number): number =>
    own.bytes +
    invocations * assumed.platformBytes +
    (own.lines + invocations * assumed.platformLines) * assumed.lineBytes;
  const runBytes = bytes(run.logs, sum(Object.values(run.invocations)));
  return ((jobs * runsPerJob * runBytes + looksPerMonth * bytes(look.logs, 1)) / gb) * prices.logGb;
};

/** CloudWatch bills a metric for the hours in which it was sent. A healthy job sends none of its own. */
const metrics = ({ jobs, runsPerJob }: Fleet, { run, look }: Counts): number => {
  const share = Math.min(jobs * runsPerJob, hours) / hours;
  const names = Object.keys(run.metrics).length;
  return (names * share + Object.keys(look.metrics).length) * prices.metricMonth;
};

/** What a fleet costs in a month, by kind. `kept`: once the table holds 404 days of runs. */
export const bill = (fleet: Fleet, counts: Counts): Bill => ({
  compute: compute(fleet, counts),
  states: fleet.jobs * fleet.runsPerJob * counts.run.states * prices.transition,
  store: store(fleet, counts),
  kept: ((fleet.jobs * fleet.runsPerJob * counts.run.store.keptBytes) / gb) * keptMonths * prices.keptGbMonth,
  logs: logs(fleet, counts),
  metrics: metrics(fleet, counts),
  fixed: alarmNames.length * prices.alarmMonth + prices.dashboardMonth,
});

export const total = (of: Bill): number => sum(Object.values(of));

/** The counts as the test keeps them. */
export const readCounts = async (): Promise<Counts> =>
  Counts.parse(JSON.parse(await readFile('infra/docs/run-counts.json', 'utf8')));
