import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Failure } from '../../../lib/failure.ts';
import { tableName } from '../arn.ts';
import type { LocalFunction } from '../lambda/sandbox.ts';
import { project } from '../project.ts';
import type { WaitOverrides } from '../step-functions/machine.ts';
import { bundleCache } from './bundle-cache.ts';
import { unusableDirectory } from './data-directory.ts';
import { clientEnv, ownEnv } from './env.ts';
import { codeStamp, lockedExitCode, Presence, readPresence, waitingHeader } from './presence.ts';

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
  /** How many executions of an earlier daemon wait for a client that runs. */
  waiting: number;
  /** Whether the daemon has ended, however it did. */
  readonly lost: boolean;
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

/** Asks a daemon of other code to go. It stays while another client or a run needs it. */
const leaves = async ({ url }: Presence): Promise<boolean> => {
  try {
    return (await fetch(`${url}/leave`, { method: 'POST', signal: AbortSignal.timeout(5000) })).ok;
  } catch {
    return true;
  }
};

type Lease = { waiting: number; lost: boolean; close(): void };

/** Holds the daemon for as long as the answer lasts. `env` is for the handlers; null asks for nothing to be run. */
const lease = ({ url }: Presence, env: Record<string, string> | null): Promise<Lease | undefined> =>
  new Promise((resolve) => {
    const held = request(`${url}/lease`, { method: 'POST', agent: false });
    held.on('error', () => resolve(undefined));
    held.on('response', (response) => {
      if (response.statusCode !== 200) return resolve(undefined);
      const taken = { waiting: Number(response.headers[waitingHeader]), lost: false, close: () => void held.destroy() };
      const lose = () => {
        taken.lost = true;
      };
      response
        .on('error', () => {})
        .on('close', lose)
        .resume();
      held.socket?.unref();
      resolve(taken);
    });
    held.end(JSON.stringify(env));
  });

const openLog = (dir: string): number => {
  try {
    return openSync(log(dir), 'a', 0o600);
  } catch (cause) {
    throw unusableDirectory(dir, cause);
  }
};

const spawnDaemon = (
  bundles: string,
  [dir, ...more]: [dir: string, code: string, setup: string],
  env: NodeJS.ProcessEnv,
): ChildProcess => {
  const out = openLog(dir);
  const child = spawn(process.execPath, [join(bundles, 'daemon.mjs'), dir, ...more], {
    cwd: project,
    detached: true,
    env: { NODE_COMPILE_CACHE: join(bundles, 'compiled'), ...env },
    stdio: ['ignore', out, out],
  });
  child.unref();
  closeSync(out);
  return child;
};

const unavailable = (dir: string, why: string): Failure => {
  const said = existsSync(log(dir)) ? readFileSync(log(dir), 'utf8') : '';
  const last = said.trimEnd().split('\n').slice(-12).join('\n');
  return new Failure('StoreUnavailable', `the local service ${why}; the end of ${log(dir)}:\n${last}`);
};

/** A daemon that lost the race for the directory, or idled out again, is no error: another one is there, or is needed. */
const broke = ({ exitCode }: ChildProcess): boolean =>
  exitCode !== null && exitCode !== 0 && exitCode !== lockedExitCode;
const gone = (child: ChildProcess | undefined): boolean =>
  child === undefined || child.exitCode !== null || child.signalCode !== null;

export type ConnectOptions = {
  /** The person's own; what of it providers and credentials need reaches the handlers, where `resume` is true. */
  env?: NodeJS.ProcessEnv;
  /** Whether this client runs something: open executions of an earlier daemon go on, with its environment. */
  resume?: boolean;
  waitSeconds?: number;
};

/** The directory, made if need be. Throws StoreUnavailable where nothing can be written. */
const homeOf = (dir: string): string => {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    accessSync(dir, constants.W_OK | constants.X_OK);
    return realpathSync(dir);
  } catch (cause) {
    throw unusableDirectory(dir, cause);
  }
};

/**
 * Connects to the local service of `dir`, starting its daemon when none runs; however many connect at once, there is one.
 * The daemon lives as long as a client is connected or an execution runs. One of other code is replaced, unless another
 * client or a run needs it. Throws StoreUnavailable, with the end of its log, when none comes up within `waitSeconds`.
 */
export const connect = async (
  dir: string,
  setup: Setup = {},
  { env = process.env, resume = true, waitSeconds = 60 }: ConnectOptions = {},
): Promise<Connection> => {
  const home = homeOf(dir);
  const bundles = await bundleCache();
  const code = codeStamp(bundles, setup);
  const own = ownEnv(env);
  const until = Date.now() + waitSeconds * 1000;
  let child: ChildProcess | undefined;

  const attach = async (presence: Presence): Promise<Connection | undefined> => {
    if (presence.code !== code && (await leaves(presence))) return undefined;
    const held = await lease(presence, resume ? own : null);
    if (held === undefined) return undefined;
    const { url, pid } = presence;
    return Object.assign(held, { url, pid, env: clientEnv(url, own, tableName) });
  };

  while (Date.now() < until) {
    const presence = await find(home);
    const connection = presence && (await attach(presence));
    if (connection !== undefined) return connection;
    if (child !== undefined && broke(child)) throw unavailable(home, `ended with exit code ${child.exitCode}`);
    if (presence === undefined && gone(child)) child = spawnDaemon(bundles, [home, code, JSON.stringify(setup)], env);
    await setTimeout(25);
  }
  throw unavailable(home, `did not answer within ${waitSeconds} s`);
};
