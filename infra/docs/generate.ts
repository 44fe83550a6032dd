import { readFile, writeFile } from 'node:fs/promises';
import { alarmParts } from './alarm-parts.ts';
import { cliParts } from './cli-parts.ts';
import { costParts } from './cost-parts.ts';
import { jobParts } from './job-parts.ts';
import { type Part, withPart } from './part.ts';
import { scriptParts } from './script-parts.ts';
import { zoneParts } from './zone-parts.ts';

/** Every generated part. A document's parts have a file of their own here. */
const parts: Part[] = [...jobParts, ...cliParts, ...alarmParts, ...scriptParts, ...costParts, ...zoneParts];

const current = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');

/** The files that have a generated part, as they should be. */
const generated = async (): Promise<Map<string, string>> => {
  const files = new Map<string, string>();
  for (const { file, name, content } of parts) {
    const made = await content();
    files.set(file, name === undefined ? made : withPart(file, files.get(file) ?? (await current(file)), name, made));
  }
  return files;
};

const check = process.argv.includes('--check');
for (const [file, content] of await generated()) {
  if ((await current(file)) === content) continue;
  if (check) {
    console.error(`${file} is out of date with the code it is generated from. Run: npm run generate`);
    process.exitCode = 1;
  } else {
    await writeFile(file, content);
    console.log(`wrote ${file}`);
  }
}
