import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { type ClientRequest, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Failure } from '../../lib/failure.ts';
import { tableName } from './arn.ts';
import { clientEnv, ownEnv } from './env.ts';
import type { WaitOverrides } from './machine.ts';
import { codeStamp, lockedExitCode, Presence, project, readPresence } from './presence.ts';
import type { LocalFunction } from './sandbox.ts';

/** How a daemon is set up; all of it JSON. Every field has the project's own for a default. */
export type Setup = {
  /** The directory that holds jobs.json and scripts/. */
  config?: string;
  functions?: Record<string, LocalFunction>;
  definition?: string;
  overrides?: WaitOverrides;
  /** How long the daemon stays when nobody needs it. */
  idleMs?: number;
};

export type Connection = {
  url: string;
  /** What the plain AWS SDK and this project's adapters need in their environment. */
  env: Record<string, string>;
  /** The daemon's process. */
  pid: number;
  /** Lets the daemon go. So does the end of this process. */
  close(): void;
};

const log = (dir: string): string => join(dir, 'service.log');

/** The daemon of the directory, if one answers and is what its file says: not another process on its old port. */
const find = async (dir: string): Promise<Presence | undefined> => {
  const said = readPresence(dir);
  if (said === undefined) return undefined;
  try {
    const response = await fetch(`${said.url}/presence`, { signal: AbortSignal.timeout(5000) });
    const answered = Presence.safeParse(await response.json()).data;
    return answered?.pid === said.pid && answered.dir === dir ? answered : undefined;
  } catch {
    return undefined;
  }
};

/** Asks a daemon of other code to go. It stays while another client needs it. */
const leaves = async ({ url }: Presence): Promise<boolean> => {
  try {
    return (await fetch(`${url}/leave`, { method: 'POST', signal: AbortSignal.timeout(5000) })).ok;
  } catch {
    return true;
  }
};

const lease = ({ url }: Presence, env: Record<string, string>): Promise<ClientRequest | undefined> =>
  new Promise((resolve) => {
    const held = request(`${url}/lease`, { method: 'POST', agent: false });
    held.on('error', () => resolve(undefined));
    held.on('response', (response) => {
      response.on('error', () => {}).resume();
      held.socket?.unref();
      resolve(response.statusCode === 200 ? held : undefined);
    });
    held.end(JSON.stringify(env));
  });

const spawnDaemon = (dir: string, code: string, setup: Setup, env: NodeJS.ProcessEnv): ChildProcess => {
  const out = openSync(log(dir), 'a', 0o600);
  const daemon = fileURLToPath(new URL('./daemon.ts', import.meta.url));
  const child = spawn(process.execPath, [daemon, dir, code, JSON.stringify(setup)], {
    cwd: project,
    detached: true,
    env,
    stdio: ['ignore', out, out],
  });
  child.unref();
  closeSync(out);
  return child;
};

const unavailable = (dir: string, why: string): Failure => {
  const last = readFileSync(log(dir), 'utf8').trimEnd().split('\n').slice(-12).join('\n');
  return new Failure('StoreUnavailable', `the local service ${why}; the end of ${log(dir)}:\n${last}`);
};

/** A daemon that lost the race for the directory, or idled out again, is no error: another one is there, or is needed. */
const broke = ({ exitCode }: ChildProcess): boolean =>
  exitCode !== null && exitCode !== 0 && exitCode !== lockedExitCode;
const gone = (child: ChildProcess | undefined): boolean =>
  child === undefined || child.exitCode !== null || child.signalCode !== null;

/**
 * Connects to the local service of `dir`, starting its daemon when none runs; however many connect at once, there is one.
 * The daemon lives as long as a client is connected or an execution runs. One of other code is replaced, unless another
 * client needs it. Throws StoreUnavailable, with the end of its log, when none comes up within `waitSeconds`.
 */
export const connect = async (
  dir: string,
  setup: Setup = {},
  { env = process.env, waitSeconds = 60 }: { env?: NodeJS.ProcessEnv; waitSeconds?: number } = {},
): Promise<Connection> => {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const home = realpathSync(dir);
  const code = codeStamp(setup);
  const own = ownEnv(env);
  const until = Date.now() + waitSeconds * 1000;
  let child: ChildProcess | undefined;

  const attach = async (presence: Presence): Promise<Connection | undefined> => {
    if (presence.code !== code && (await leaves(presence))) return undefined;
    const held = await lease(presence, own);
    if (held === undefined) return undefined;
    const { url, pid } = presence;
    return { url, pid, env: clientEnv(url, own, tableName), close: () => void held.destroy() };
  };

  while (Date.now() < until) {
    const presence = await find(home);
    const connection = presence && (await attach(presence));
    if (connection !== undefined) return connection;
    if (child !== undefined && broke(child)) throw unavailable(home, `ended with exit code ${child.exitCode}`);
    if (presence === undefined && gone(child)) child = spawnDaemon(home, code, setup, env);
    await setTimeout(25);
  }
  throw unavailable(home, `did not answer within ${waitSeconds} s`);
};
