import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { dropEvidence, keepEvidence } from '../evidence/evidence.ts';
import { type BoundaryName, boundaries } from './boundaries.ts';
import { evidenceRow, faults, type Line, reportText } from './fuzz-report.ts';
import type { Found, Order } from './worker-task.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: process.env.FUZZ_SEED ?? String(Date.now() % 2 ** 31) },
    cases: { type: 'string', default: '100000' },
    boundary: { type: 'string' },
    path: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const cases = Number(values.cases);
const names = Object.keys(boundaries) as BoundaryName[];
const chosen = values.boundary === undefined ? names : names.filter((name) => name === values.boundary);
const usage = `Sends hostile input to every boundary of the product. Each case must be accepted or refused by a failure name.

npm run fuzz                                       100,000 cases from a new seed
npm run fuzz -- --seed 7 --cases 2000              2000 cases from seed 7
npm run fuzz -- --boundary schedule                one boundary
npm run fuzz -- --boundary schedule --seed 7 --path 12:0
                                                   one case, as a failure report names it

--json prints the results as JSON. FUZZ_SEED sets the default seed.
The boundaries are: ${names.join(', ')}.`;
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const isValid = Number.isInteger(seed) && Number.isInteger(cases) && cases > 0 && chosen.length > 0;
if (!isValid || (values.path !== undefined && chosen.length > 1)) {
  console.error(usage);
  process.exit(2);
}

/** A case that takes longer counts as hanging. The slowest case takes less than a second. */
const patienceSeconds = 60;
const all = chosen.reduce((sum, name) => sum + boundaries[name].cases, 0);
const share = (name: BoundaryName): number =>
  values.path === undefined ? Math.max(1, Math.round((cases * boundaries[name].cases) / all)) : 1;

/** Runs a boundary in a worker. Ends a worker that has not begun a case for too long. */
const worked = (order: Order): Promise<Found> => {
  const { promise, resolve } = Promise.withResolvers<Found>();
  const beats = new Int32Array(order.pulse);
  const worker = new Worker(new URL('./fuzz-worker.ts', import.meta.url), {
    workerData: order,
    // As much stack as the main thread has.
    resourceLimits: { maxOldGenerationSizeMb: 1024, stackSizeMb: 1 },
  });
  const stuck = (failure: string) => {
    const at = order.path ?? String(Math.max(0, Atomics.load(beats, 0) - 1));
    resolve({ seen: {}, failure, path: at });
    void worker.terminate();
  };
  let last = -1;
  const watchdog = setInterval(() => {
    const now = Atomics.load(beats, 0);
    if (now === last) stuck(`a case has not ended in ${patienceSeconds} s`);
    last = now;
  }, patienceSeconds * 1000);
  worker.on('message', resolve);
  worker.on('error', (error) => stuck(`the process died: ${error instanceof Error ? error.stack : error}`));
  worker.on('exit', (code) => stuck(`the process exited with ${code}`));
  return promise.finally(() => {
    clearInterval(watchdog);
    void worker.terminate();
  });
};

const run = async (name: BoundaryName): Promise<Line> => {
  const began = Date.now();
  const wanted = share(name);
  const pulse = new SharedArrayBuffer(4);
  const { seen, failure, path } = await worked({ name, seed, path: values.path, cases: wanted, pulse });
  const line = { name, wanted, seen, seconds: (Date.now() - began) / 1000, replayed: values.path !== undefined };
  console.error(`fuzz: ${name}: ${failure ? 'FAILED' : 'held'} in ${line.seconds.toFixed(1)} s`);
  if (failure === undefined) return line;
  return { ...line, failure, replay: `npm run fuzz -- --boundary "${name}" --seed ${seed} --path "${path ?? ''}"` };
};

const isWhole = values.boundary === undefined;
if (isWhole) await dropEvidence('fuzz');
console.error(`fuzz: ${cases} cases, seed ${seed}`);
const waiting = [...chosen];
const lines: Line[] = [];
const drain = async (): Promise<void> => {
  for (let name = waiting.shift(); name; name = waiting.shift()) lines.push(await run(name));
};
await Promise.all(Array.from({ length: Math.max(1, availableParallelism()) }, drain));
lines.sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
console.log(
  values.json
    ? JSON.stringify({ seed, holds: faults(lines).length === 0, boundaries: lines }, null, 2)
    : reportText(seed, lines),
);
if (faults(lines).length > 0) process.exitCode = 1;
if (isWhole) await keepEvidence('fuzz', lines.map(evidenceRow));
