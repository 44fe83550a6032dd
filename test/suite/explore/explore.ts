import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { terminal } from '../../../infra/cli/print/terminal.ts';
import { dropEvidence, keepEvidence } from '../evidence/evidence.ts';
import {
  type Exploration,
  explorationJson,
  type MutantResult,
  mutantResult,
  printExploration,
  untried,
} from './exploration-report.ts';
import type { Order, Report } from './explore-worker.ts';
import { mutants } from './mutants.ts';
import { plays } from './plays.ts';
import { loadDefinition } from './product-bundle.ts';
import { replay } from './replay.ts';
import { openTally } from './schedule-tally.ts';
import { exhausted, ofCi, ofLonger, tasksOf } from './search-extent.ts';
import { readDefinition } from './simulated-machine.ts';
import { pooled } from './worker-pool.ts';

const usage = `Plays the product's functions on simulated AWS services, with every fault at every step, and checks its invariants.

npm run explore                             every crash point, then every mutant, as in CI
npm run explore -- --longer                 also pairs of faults on every job
npm run explore -- --schedules 2000         2000 random schedules on each job
npm run explore -- --job once --no-mutants  one job, without the mutants
npm run explore -- --job once --seed 17     one random schedule with its trace
npm run explore -- --job once --replay 5=kill-after,9=again
                                            one schedule, by decision and step
npm run explore -- --job once --replay … --mutant 'name of the mutant'
                                            the same with one guard removed

--json prints the results as JSON. --workers n sets the number of threads.`;

const { values } = parseArgs({
  allowNegative: true,
  options: {
    help: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    longer: { type: 'boolean', default: false },
    mutants: { type: 'boolean', default: true },
    schedules: { type: 'string' },
    workers: { type: 'string', default: String(Math.min(8, Math.max(2, availableParallelism()))) },
    job: { type: 'string' },
    seed: { type: 'string' },
    replay: { type: 'string' },
    mutant: { type: 'string' },
  },
});

/** The least number of distinct schedules that a full exploration must play. */
const leastSchedules = 10_000;

const progress = terminal(process.stderr, process.env);

const whole = async (): Promise<Exploration> => {
  const { longer, job, schedules } = values;
  const seeds = Number(schedules ?? (longer ? 3000 : 200));
  const all = (longer ? ofLonger : ofCi)(seeds);
  const extent = job ? { ...all, jobs: plays.map(({ name }) => name).filter((name) => name === job) } : all;
  if (extent.jobs.length === 0)
    throw new Error(`there is no job ${job}; the jobs are ${plays.map(({ name }) => name).join(', ')}`);
  const sought = values.mutants ? mutants : [];
  const orders: Order[] = [
    ...tasksOf(extent).map((task) => ({ task })),
    ...sought.map(({ name }) => ({ mutant: name })),
  ];
  const tally = openTally();
  const hunted: MutantResult[] = [];
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  let said = 0;
  await pooled<Order, Report>(orders, Number(values.workers), (report, left) => {
    if ('task' in report) tally.add(report);
    else hunted.push(mutantResult(report, mutants));
    if (seconds() - said < 10 && left > 0) return;
    said = seconds();
    progress.say(
      `explore: ${tally.schedules.size} schedules, ${hunted.length} mutants, ${tally.found.length} violations, ${left} tasks left`,
    );
  });
  const states = Object.keys(readDefinition(await loadDefinition()).States);
  const inOrder = sought.flatMap(({ name }) => hunted.filter(({ mutant }) => mutant === name));
  return { tally, exhausted: exhausted(extent), seeds, hunted: inOrder, seconds: seconds(), states };
};

const all = async (): Promise<boolean> => {
  const isWhole = values.job === undefined && values.mutants && values.schedules === undefined;
  if (isWhole) await dropEvidence('explore');
  const exploration = await whole();
  const { tally, hunted } = exploration;
  const survivors = hunted.filter(({ found }) => !found).length;
  if (values.json) console.log(JSON.stringify(explorationJson(exploration), null, 2));
  else printExploration(exploration, terminal(process.stdout, process.env));
  const short = isWhole ? untried(exploration).length + (tally.schedules.size < leastSchedules ? 1 : 0) : 0;
  if (isWhole)
    await keepEvidence('explore', [
      {
        suite: 'every crash point',
        engine: 'explorer',
        cases: tally.schedules.size,
        failed: tally.found.length + short,
        note: `${plays.length} jobs, schedules explored`,
      },
      {
        suite: 'guards taken away',
        engine: 'explorer',
        cases: hunted.length,
        failed: survivors,
        note: `${hunted.length - survivors} of ${hunted.length} mutants found`,
      },
    ]);
  return tally.found.length === 0 && survivors === 0 && short === 0;
};

const { job, seed, replay: decisions, mutant } = values;
if (values.help) console.log(usage);
else if (seed !== undefined || decisions !== undefined)
  process.exitCode = (await replay({ job, seed, decisions, mutant }, (line) => console.log(line))) ? 0 : 1;
else process.exitCode = (await all()) ? 0 : 1;
