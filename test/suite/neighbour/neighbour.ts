import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

/** The other user of the machine: nobody, who owns nothing. */
const neighbourId = 65_534;

/** A directory that every user can enter and, like /tmp, make files in. */
export const publicDirectory = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'nightshift-public-'));
  chmodSync(dir, 0o1777);
  onTestFinished(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
  return dir;
};

/** A copy of this Node that every user can run, wherever the checkout is. */
const publicNode = (dir: string): string => {
  const node = join(dir, 'node');
  if (!existsSync(node)) cpSync(process.execPath, node);
  chmodSync(node, 0o755);
  return node;
};

/** Starts Node as the neighbour. Only root can; another user needs sudo without a password. */
const start = (dir: string, script: string, args: string[]): ChildProcess => {
  const words = [publicNode(dir), '--input-type=module', '-e', script, ...args];
  const options = { cwd: '/', env: {}, stdio: ['ignore', 'pipe', 'inherit'] as ['ignore', 'pipe', 'inherit'] };
  const [node = '', ...rest] = words;
  if (process.geteuid?.() === 0) return spawn(node, rest, { ...options, uid: neighbourId, gid: neighbourId });
  return spawn('sudo', ['-n', '-u', `#${neighbourId}`, ...words], { ...options, env: { PATH: process.env.PATH } });
};

const common = `
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync, chmodSync } from 'node:fs';
import { createServer, request } from 'node:http';
const [a, b, c] = process.argv.slice(1);
const say = (value) => console.log(JSON.stringify(value));
if (process.geteuid() !== ${neighbourId}) throw new Error('not another user: ' + process.geteuid());
`;

/** A process of the neighbour: the lines that it has printed, as JSON. */
export type Neighbour = { said: unknown[]; ended: Promise<number | null> };

/** Runs a script as the neighbour, with `a`, `b` and `c` as arguments. It is killed at the end of the test. Throws where it cannot start. */
export const neighbour = async (dir: string, script: string, ...args: string[]): Promise<Neighbour> => {
  const child = start(dir, common + script, args);
  onTestFinished(() => void child.kill('SIGKILL'));
  const said: unknown[] = [];
  if (child.stdout) createInterface(child.stdout).on('line', (line) => said.push(JSON.parse(line)));
  const ended = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  return { said, ended };
};

/** What a script of the neighbour has printed when it has ended. Throws where it could not run: then nothing was tried. */
export const tried = async (dir: string, script: string, ...args: string[]): Promise<unknown[]> => {
  const { said, ended } = await neighbour(dir, script, ...args);
  const code = await ended;
  if (code === 0) return said;
  throw new Error(`another user's process ended with ${code}: this suite needs root, or sudo without a password`);
};
