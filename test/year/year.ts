import { parseArgs } from 'node:util';
import { terminal } from '../../infra/cli/terminal.ts';
import { dropEvidence, keepEvidence } from '../evidence/evidence.ts';
import { isGood, lines, playYear } from './play.ts';

const usage = `npm run year                        a year of fifty jobs, from seed 1: what CI runs
npm run year -- --seed 7            another year
npm run year -- --days 30 --jobs 20 a part of it
With --json for programs.`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    days: { type: 'string', default: '365' },
    jobs: { type: 'string', default: '50' },
  },
});

/** Shorter ones have no room for what is planned: deployments, sleeps, absences of days. */
const leastDays = 21;

const play = async (): Promise<boolean> => {
  const [seed, days, jobs] = [Number(values.seed), Number(values.days), Number(values.jobs)];
  if (!(days >= leastDays && days <= 365))
    throw new Error(`--days: found ${values.days}, expected ${leastDays} to 365`);
  if (!(jobs >= 1 && jobs <= 50)) throw new Error(`--jobs: found ${values.jobs}, expected 1 to 50`);
  const whole = days === 365 && jobs === 50;
  if (whole) await dropEvidence('year');
  const progress = terminal(process.stderr, process.env);
  const played = await playYear({ seed, days, jobs }, (said) => progress.say(said));
  if (values.json) console.log(JSON.stringify(played, null, 2));
  else for (const line of lines(played)) console.log(line);
  const { expected, missing, surplus, wrong } = played.verdict;
  if (!whole) return isGood(played);
  const blind = await playYear({ seed, days: 24, jobs: 7, watched: false });
  const seen = blind.verdict.missing.length;
  if (!values.json)
    console.log(`\nWithout the watchman, 24 days of 7 jobs leave ${seen} slots without an outcome: the year can tell.`);
  await keepEvidence('year', [
    {
      suite: 'a simulated year',
      engine: 'dynalite',
      cases: expected,
      failed: missing.length + surplus.length + wrong.length,
      note: `seed ${seed}, slots of ${jobs} jobs, difference ${missing.length + surplus.length}`,
    },
    {
      suite: 'a year without its watchman is bad',
      engine: 'dynalite',
      cases: blind.verdict.expected,
      failed: seen > 0 ? 0 : 1,
      note: `${seen} slots without an outcome`,
    },
  ]);
  return isGood(played) && seen > 0;
};

if (values.help) console.log(usage);
else process.exitCode = (await play()) ? 0 : 1;
