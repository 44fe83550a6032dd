import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { random } from '../../kit/random.ts';
import { keepEvidence } from '../evidence/evidence.ts';
import { judged } from './judged.ts';
import { sampledLines } from './sample.ts';
import { Report, sameChange, triedMutants } from './survivor.ts';

/** The words of which a surviving change fails this command, if nobody has judged it. */
const words = ['lib/run/*.ts', 'lib/policy/*.ts', 'lib/schedule/*.ts'];
/** Files of data, which has no decision to change. */
const data = /\/(zone-name)\.ts$/;
const leastShare = 0.95;

const { seed, share } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, share: { type: 'string', default: '0.16' } },
}).values;

const next = random(Number(seed));
const files = words
  .flatMap((pattern) => globSync(pattern))
  .filter((file) => !data.test(file))
  .sort();
const ranges: string[] = [];
for (const file of files) ranges.push(...sampledLines(file, await readFile(file, 'utf8'), Number(share), next));

const report = '.build/mutation/report.json';
const settings = {
  packageManager: 'npm',
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'test/suite/mutation/vitest.config.ts', related: false },
  coverageAnalysis: 'perTest',
  ignoreStatic: true,
  mutator: { excludedMutations: ['StringLiteral'] },
  mutate: ranges,
  ignorePatterns: ['.build', '.engines', '.evidence', '.nightshift', '.serverless'],
  reporters: ['json'],
  jsonReporter: { fileName: report },
  tempDirName: '.build/mutation/sandbox',
  concurrency: 2,
  timeoutMS: 60_000,
  logLevel: 'warn',
};

await mkdir('.build/mutation', { recursive: true });
const settingsFile = '.build/mutation/stryker.json';
await writeFile(settingsFile, JSON.stringify(settings));
console.log(`mutate: ${ranges.length} lines of ${files.length} files, seed ${seed} …`);
const stryker = join(createRequire(import.meta.url).resolve('@stryker-mutator/core'), '../../../bin/stryker.js');
await promisify(execFile)(process.execPath, [stryker, 'run', settingsFile], { maxBuffer: 64 * 1024 * 1024 }).catch(
  (thrown: { stdout?: string; stderr?: string }) => {
    throw new Error(`Stryker did not run.\n${thrown.stdout ?? ''}${thrown.stderr ?? ''}`, { cause: thrown });
  },
);

const { tried, survived } = triedMutants(Report.parse(JSON.parse(await readFile(report, 'utf8'))));
const fresh = survived.filter((change) => !judged.some((known) => sameChange(known, change)));
const seen = (tried - survived.length) / tried;
for (const { file, line, was, becomes } of fresh) console.log(`  ${file}:${line} no test sees ${was} → ${becomes}`);
console.log(
  `mutate: ${tried} changes, ${(seen * 100).toFixed(1)} % seen by the quick tests, ${survived.length - fresh.length} judged, ${fresh.length} not.`,
);
const isGood = fresh.length === 0 && seen >= leastShare && tried > 0;
await keepEvidence('mutate', [
  {
    suite: 'changes of runs, policies and schedules',
    engine: 'Stryker',
    cases: tried,
    failed: isGood ? 0 : fresh.length || 1,
  },
]);
if (!isGood) process.exitCode = 1;
