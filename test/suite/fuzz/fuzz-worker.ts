import { parentPort, workerData } from 'node:worker_threads';
import { boundaries } from './boundaries.ts';
import type { Found, Order } from './worker-task.ts';

const { name, seed, path, cases, pulse } = workerData as Order;
const beats = new Int32Array(pulse);
const seen: Record<string, number> = {};
const watch = {
  begun: () => void Atomics.add(beats, 0, 1),
  ended: (verdict: string) => {
    seen[verdict] = (seen[verdict] ?? 0) + 1;
  },
};

const { check, close } = await boundaries[name].open();
const checked = await check(watch, { seed, numRuns: cases, ...(path === undefined ? {} : { path }) });
await close();
parentPort?.postMessage({ ...checked, seen } satisfies Found);
