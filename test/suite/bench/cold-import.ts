import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { quantile, type Section } from './bench-report.ts';
import type { Bundles } from './bundles.ts';

const rounds = 11;

const script = `
const from = performance.now();
await import(process.argv[1]);
process.stdout.write(String(performance.now() - from));
process.exit();
`;

/** The environment that a function's module needs to load. */
const env = { AWS_REGION: 'eu-west-1', NIGHTSHIFT_TABLE: 'bench', NIGHTSHIFT_CONFIG: '.' };

/** Imports a module in a new process and returns the milliseconds that took. */
const importMs = async (path: string): Promise<number> => {
  const args = ['--input-type=module', '-e', script, pathToFileURL(path).href];
  return Number((await promisify(execFile)(process.execPath, args, { env })).stdout);
};

/** Measures the cold import of every bundle in new processes, in turns. */
export const cold = async (bundles: Bundles): Promise<Section> => {
  const found = Object.entries(bundles).map(([name, path]) => ({ name, path, ms: [] as number[] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const { path, ms } of found) ms.push(await importMs(path));
  }
  const bare = found.find(({ name }) => name === 'bare')?.ms ?? [];
  return {
    title: '4. Cold import of each bundle',
    notes: [
      `${rounds} new processes for each bundle, in turns. bare is lib-dynamodb's client with three commands, built the same way.`,
    ],
    rows: found.map(({ name, ms }) => ({
      bundle: name,
      'median ms': quantile(ms, 0.5),
      'fastest ms': Math.min(...ms),
      // Compared round by round, so that other load affects both bundles.
      'x bare': quantile(
        ms.map((one, round) => one / (bare[round] ?? Number.NaN)),
        0.5,
      ),
    })),
    bounds: [],
  };
};
