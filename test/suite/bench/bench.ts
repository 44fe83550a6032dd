import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { absence } from './absence.ts';
import { broken, reportText, type Section } from './bench-report.ts';
import { type Bundles, buildBundles } from './bundles.ts';
import { cold } from './cold-import.ts';
import { memory } from './peak-memory.ts';
import { cpu } from './step-cpu.ts';
import { calls } from './store-calls.ts';
import { units } from './write-units.ts';

const parts: Record<string, (dir: string, bundles: () => Promise<Bundles>) => Promise<Section>> = {
  'own CPU': cpu,
  'store calls': calls,
  'write units': units,
  'cold imports': async (_, bundles) => cold(await bundles()),
  absence,
  'peak memory': async (dir, bundles) => memory(dir, await bundles()),
};

/** Measures all parts one after another, so that they do not disturb each other. */
const measure = async (): Promise<Section[]> => {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'nightshift-bench-')));
  let built: Promise<Bundles> | undefined;
  const bundles = () => {
    built ??= buildBundles(dir);
    return built;
  };
  const sections: Section[] = [];
  try {
    for (const [name, part] of Object.entries(parts)) {
      console.error(`bench: ${name} …`);
      sections.push(await part(dir, bundles));
    }
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  }
  return sections.toSorted((a, b) => a.title.localeCompare(b.title));
};

const sections = await measure();
const failing = broken(sections);
console.log(
  process.argv.includes('--json')
    ? JSON.stringify({ node: process.version, holds: failing.length === 0, sections }, null, 2)
    : reportText(sections),
);
if (failing.length > 0) process.exitCode = 1;
