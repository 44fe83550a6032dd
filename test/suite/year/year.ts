import { parseArgs } from 'node:util';
import { terminal } from '../../../infra/cli/print/terminal.ts';
import { dropEvidence, keepEvidence, type Row } from '../evidence/evidence.ts';
import { isGood, lines, type Played, playYear } from './play-year.ts';

const usage = `Plays a year of jobs in virtual time, with faults, deployments and pauses, and compares its runs with the due slots.

npm run year                         a year of 50 jobs from seed 1, as in CI
npm run year -- --seed 7             a year from another seed
npm run year -- --days 30 --jobs 20  the first 30 days of 20 jobs

--json prints the results as JSON.`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    days: { type: 'string', default: '365' },
    jobs: { type: 'string', default: '50' },
  },
});

/** The least days in which the planned deployments and absences fit. */
const leastDays = 21;

const wholeNumber = (name: 'seed' | 'days' | 'jobs', least: number, most: number): number => {
  const number = Number(values[name]);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new Error(`--${name}: found ${values[name]}, expected a whole number from ${least} to ${most}`);
};

/** Plays a year without its watchman, in which slots must be missing. */
const unwatchedRow = async (seed: number): Promise<Row> => {
  const { verdict } = await playYear({ seed, days: 24, jobs: 7, watched: false });
  const seen = verdict.missing.length;
  return {
    suite: 'a year without its watchman is bad',
    engine: 'dynalite',
    cases: verdict.expected,
    failed: seen > 0 ? 0 : 1,
    note: `${seen} slots without an outcome`,
  };
};

const rowOf = ({ seed, jobs, verdict: { expected, missing, surplus, wrong } }: Played): Row => ({
  suite: 'a simulated year',
  engine: 'dynalite',
  cases: expected,
  failed: missing.length + surplus.length + wrong.length,
  note: `seed ${seed}, slots of ${jobs} jobs, difference ${missing.length + surplus.length}`,
});

const play = async (): Promise<boolean> => {
  const asked = {
    seed: wholeNumber('seed', 0, 2 ** 32 - 1),
    days: wholeNumber('days', leastDays, 365),
    jobs: wholeNumber('jobs', 1, 50),
  };
  const whole = asked.days === 365 && asked.jobs === 50;
  if (whole) await dropEvidence('year');
  const progress = terminal(process.stderr, process.env);
  const played = await playYear(asked, (line) => progress.say(line));
  console.log(values.json ? JSON.stringify(played, null, 2) : lines(played).join('\n'));
  if (!whole) return isGood(played);
  const control = await unwatchedRow(asked.seed);
  progress.say(`${control.suite}: ${control.note}`);
  await keepEvidence('year', [rowOf(played), control]);
  return isGood(played) && control.failed === 0;
};

if (values.help) console.log(usage);
else process.exitCode = (await play()) ? 0 : 1;
