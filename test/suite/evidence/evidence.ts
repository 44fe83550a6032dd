import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The result of a suite on one engine: its cases, its failed cases, and a note. */
export type Row = { suite: string; engine: string; cases: number; failed: number; note?: string };

const dir = '.evidence';

/** Stores the evidence of a command and replaces its earlier evidence. */
export const keepEvidence = async (command: string, rows: Row[]): Promise<void> => {
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, `${command}.json`), `${JSON.stringify(rows, null, 2)}\n`);
};

/** Removes the evidence of a command before it starts, so that a command that dies leaves none. */
export const dropEvidence = (command: string): Promise<void> => rm(join(dir, `${command}.json`), { force: true });

/** The stored evidence by command. */
export const keptEvidence = async (): Promise<Map<string, Row[]>> => {
  const names = (await readdir(dir).catch(() => [])).filter((name) => name.endsWith('.json')).sort();
  const read = async (name: string) => JSON.parse(await readFile(join(dir, name), 'utf8')) as Row[];
  return new Map(await Promise.all(names.map(async (name) => [name.replace('.json', ''), await read(name)] as const)));
};
