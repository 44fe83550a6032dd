import { alarmNames } from '../stack/alarms.ts';
import { assumed, bill, type Counts, fleets, readCounts, total } from './costs.ts';
import { markdownTable, type Part } from './part.ts';

const money = (usd: number): string => {
  if (usd > 0 && usd < 0.005) return '<0.01';
  return usd < 100 ? usd.toFixed(2) : Math.round(usd).toLocaleString('en-US');
};

const heads = ['jobs', 'runs', 'schedules, functions', 'states', 'store', 'kept', 'logs', 'metrics', 'fixed', 'total'];

const table = (counts: Counts): string =>
  markdownTable(
    heads,
    fleets.map((fleet) => {
      const of = bill(fleet, counts);
      const runs = (fleet.jobs * fleet.runsPerJob).toLocaleString('en-US');
      const parts = [of.compute, of.states, of.store, of.kept, of.logs, of.metrics, of.fixed].map(money);
      return [fleet.name, runs, ...parts, `**${money(total(of))}**`];
    }),
  );

const countTable = ({ run, look }: Counts): string => {
  const { invocations: made, store } = run;
  const units = (of: { readUnits: number; writeUnits: number }) => `${of.readUnits} read, ${of.writeUnits} write`;
  return markdownTable(
    ['counted', `a healthy run of ${run.steps} steps`, 'a look of the watchman, every 5 minutes'],
    [
      ['invocations', `dispatch ${made.dispatch}, attempt ${made.attempt}, settle ${made.settle}`, 'watchman 1'],
      ['states entered', String(run.states), '–'],
      [
        'store units',
        units(store),
        `for each job ${units(look.quiet)}; once an hour ${units(look.hourly)}; after a slot ${units(look.oneSlot)}, after five ${units(look.fiveSlots)}`,
      ],
      ['bytes kept, table and index', String(store.keptBytes), '–'],
      ['log lines and bytes', `${run.logs.lines}, ${run.logs.bytes}`, `${look.logs.lines}, ${look.logs.bytes}`],
      [
        'metrics',
        `${Object.keys(run.metrics).length} for the service`,
        `${Object.keys(look.metrics).length} for the service`,
      ],
    ],
  );
};

const number = (value: number): string => value.toLocaleString('en-US');

const notes = (): string =>
  [
    'US dollars a month (30 days) by the list prices of us-east-1, November 2026. Free tiers are not subtracted.',
    `\`kept\` is the table with point-in-time recovery once it holds 404 days of runs. \`fixed\` is ${alarmNames.length} alarms and a dashboard.`,
    `Assumed: ${assumed.ownSeconds} s an invocation and ${assumed.modelSecondsPerStep} s of waiting for the model a step. Not included: storage of logs, KMS requests, failed attempts.`,
  ].join('\n');

/** The counts in two sentences, for the README. */
const countSentences = ({ run, look }: Counts): string => {
  const { readUnits, writeUnits, keptBytes } = run.store;
  const invocations = Object.values(run.invocations).reduce((a, b) => a + b, 0);
  return [
    `Counted for a healthy run of ${run.steps} steps: ${invocations} invocations, ${run.states} states, ${readUnits} read and ${writeUnits} write units,`,
    `${number(keptBytes)} bytes kept, ${number(run.logs.bytes)} bytes of logs, no metric of its own.`,
    `Every 5 minutes the watchman is invoked once and reads ${look.quiet.readUnits} units for each job. \`npm run costs\` shows all counts.`,
  ].join('\n');
};

/** Made from counted calls and list prices: what a stage costs. */
export const costParts: Part[] = [
  {
    file: 'README.md',
    name: 'costs',
    async content() {
      const counts = await readCounts();
      return [table(counts), notes(), countSentences(counts)].join('\n\n');
    },
  },
];

if (import.meta.main) {
  const counts = await readCounts();
  console.log([table(counts), notes(), countTable(counts)].join('\n\n'));
}
