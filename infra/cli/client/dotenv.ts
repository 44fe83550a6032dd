import { readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { Failure } from '../../../lib/failure.ts';
import { projectRoot } from '../../local/project-root.ts';

/** The file of variables of this machine. Git ignores it. */
export const dotenvPath = join(projectRoot, '.env');

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return '';
    throw new Failure('InvalidEvent', `${path} cannot be read: expected a file of NAME=value lines`, { cause: thrown });
  }
};

/** The variables of `.env`. None if there is no such file. Throws InvalidEvent where it cannot be read. */
export const dotenv = (path = dotenvPath): Record<string, string> => {
  const found = Object.entries(parseEnv(textOf(path)));
  return Object.fromEntries(found.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
};

/** The variables of `.env` and of this process, which win. */
export const ownEnv = (): NodeJS.ProcessEnv => ({ ...dotenv(), ...process.env });

/** A value as `parseEnv` reads it back. A value with both kinds of quotes cannot be written. */
const quoted = (value: string): string => {
  const quote = ["'", '"', '`'].find((mark) => !value.includes(mark));
  if (quote !== undefined) return `${quote}${value}${quote}`;
  throw new Failure('InvalidEvent', 'the value has all three kinds of quotes, which .env cannot hold');
};

/** Sets a variable in `.env`, which only this user may read. The other lines stay as they are. */
export const setDotenv = async (name: string, value: string, path = dotenvPath): Promise<void> => {
  const line = `${name}=${quoted(value)}`;
  const own = new RegExp(`^\\s*(export\\s+)?${name}\\s*=`);
  const lines = textOf(path).split('\n');
  const kept = lines.filter((each) => !own.test(each));
  while (kept.at(-1) === '') kept.pop();
  const fresh = `${path}.${process.pid}.new`;
  const file = await open(fresh, 'wx', 0o600);
  try {
    await file.writeFile(`${[...kept, line].join('\n')}\n`);
  } finally {
    await file.close();
  }
  await rename(fresh, path);
};
