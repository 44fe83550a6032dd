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

/** What a function finds in its environment when its module is loaded. */
const env = { AWS_REGION: 'eu-west-1', NIGHTSHIFT_TABLE: 'bench', NIGHTSHIFT_CONFIG: '.' };

/** How long a fresh process takes to import a module, in milliseconds. */
const importMs = async (path: string): Promise<number> => {
  const args = ['--input-type=module', '-e', script, pathToFileURL(path).href];
  return Number((await promisify(execFile)(process.execPath, args, { env })).stdout);
};

/** Cold import of each function's bundle, each in a fresh process, in turns with the bare one. */
export const cold = async (bundles: Bundles): Promise<Section> => {
  const found = Object.entries(bundles).map(([name, path]) => ({ name, path, ms: [] as number[] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const { path, ms } of found) ms.push(await importMs(path));
  }
  const bare = found.find(({ name }) => name === 'bare')?.ms ?? [];
  return {
    title: '4. Cold import of each bundle',
    notes: [
      `A fresh process each, ${rounds} in turns; bare is lib-dynamodb's client and three commands, built the same way.`,
    ],
    rows: found.map(({ name, ms }) => ({
      bundle: name,
      'median ms': quantile(ms, 0.5),
      'fastest ms': Math.min(...ms),
      // Round by round, so that what else the machine does falls on both.
      'x bare': quantile(
        ms.map((one, round) => one / (bare[round] ?? Number.NaN)),
        0.5,
      ),
    })),
    bounds: [],
  };
};
