import { parseArgs } from 'node:util';
import { terminal } from '../../../infra/cli/print/terminal.ts';
import { memoryStores } from '../../kit/memory-stores.ts';
import { dropEvidence, keepEvidence } from '../evidence/evidence.ts';
import { overlaps, play } from './play-orders.ts';

const usage = `Plays the calls of one job's runs in random orders, with killed processes, and checks that each run is counted once.

npm run orders                           1000 orders for each overlap policy, as in CI
npm run orders -- --from 42 --seeds 10   the orders of seeds 42 to 51`;

const usual = { from: '1', seeds: '1000' };
const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    from: { type: 'string', default: usual.from },
    seeds: { type: 'string', default: usual.seeds },
  },
});
const [from, seeds] = [Number(values.from), Number(values.seeds)];

/** Plays the orders of these seeds. Returns the trace and the violations of the first that breaks a promise, or undefined. */
const playAll = async (): Promise<string[] | undefined> => {
  const progress = terminal(process.stderr, process.env);
  const time = { now: new Date() };
  for (let seed = from; seed < from + seeds; seed++) {
    if (seed % 250 === 0) progress.say(`orders: seed ${seed} of ${from + seeds - 1}`);
    for (const overlap of overlaps) {
      const { broken, trace } = await play(seed, overlap, memoryStores(), time);
      const replay = `replay: npm run orders -- --from ${seed} --seeds 1 (${overlap})`;
      if (broken.length > 0) return [...trace, '', ...broken, replay];
    }
  }
  return undefined;
};

const main = async (): Promise<number> => {
  if (values.help) {
    console.log(usage);
    return 0;
  }
  if (!Number.isInteger(from) || !Number.isInteger(seeds) || seeds < 1) {
    console.error(usage);
    return 2;
  }
  const whole = values.from === usual.from && values.seeds === usual.seeds;
  if (whole) await dropEvidence('orders');
  const broken = await playAll();
  const cases = seeds * overlaps.length;
  console.log(broken?.join('\n') ?? `${cases} orders from seed ${from}: every promise was kept`);
  const row = { suite: 'runs of a job in any order', engine: 'memory', cases, failed: broken ? 1 : 0 };
  if (whole) await keepEvidence('orders', [row]);
  return broken ? 1 : 0;
};

process.exitCode = await main();
