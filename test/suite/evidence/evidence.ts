import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a suite has shown on one engine (or of one kind): how many cases, how many of them failed, and a word about it. */
export type Row = { suite: string; engine: string; cases: number; failed: number; note?: string };

const dir = '.evidence';

/** Keeps what a command has shown, in place of what it showed before. */
export const keepEvidence = async (command: string, rows: Row[]): Promise<void> => {
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, `${command}.json`), `${JSON.stringify(rows, null, 2)}\n`);
};

/** Forgets what a command has shown before: one that dies half-way has shown nothing. */
export const dropEvidence = (command: string): Promise<void> => rm(join(dir, `${command}.json`), { force: true });

/** Everything kept, by command. */
export const keptEvidence = async (): Promise<Map<string, Row[]>> => {
  const names = (await readdir(dir).catch(() => [])).filter((name) => name.endsWith('.json')).sort();
  const read = async (name: string) => JSON.parse(await readFile(join(dir, name), 'utf8')) as Row[];
  return new Map(await Promise.all(names.map(async (name) => [name.replace('.json', ''), await read(name)] as const)));
};
