import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Failure } from '../../../lib/failure.ts';
import { tableName } from '../arn.ts';
import type { LocalFunction } from '../lambda/sandbox.ts';
import { projectRoot } from '../project-root.ts';
import type { WaitOverrides } from '../step-functions/machine.ts';
import { bundleCache } from './bundle-cache.ts';
import { unusableDirectory } from './data-directory.ts';
import { clientEnv, ownEnv } from './env.ts';
import { codeStamp, lockedExitCode, Presence, readPresence, waitingHeader } from './presence.ts';

/** The settings of a daemon, as JSON. The defaults are this project's own. */
export type Setup = {
  /** The directory that holds jobs.json and scripts/. */
  config?: string;
  functions?: Record<string, LocalFunction>;
  definition?: string;
  overrides?: WaitOverrides;
  /** How long the daemon stays without a client and without work. */
  idleMs?: number;
};

export type Connection = {
  url: string;
  /** The environment with which AWS SDK clients reach the daemon. */
  env: Record<string, string>;
  /** The daemon's process. */
  pid: number;
  /** How many executions of an earlier daemon wait for a client with `resume`. */
  waiting: number;
  /** Whether the daemon has ended. */
  readonly lost: boolean;
  /** Releases the daemon. The end of this process does the same. */
  close(): void;
};

const log = (dir: string): string => join(dir, 'service.log');

/** The daemon of a directory. Undefined where it does not answer, or where another process has its old port. */
const find = async (dir: string): Promise<Presence | undefined> => {
  const recorded = readPresence(dir);
  if (recorded === undefined) return undefined;
  try {
    const response = await fetch(`${recorded.url}/presence`, { signal: AbortSignal.timeout(5000) });
    const answered = Presence.safeParse(await response.json()).data;
    return answered?.pid === recorded.pid && answered.dir === dir ? answered : undefined;
  } catch {
    return undefined;
  }
};

/** Asks a daemon that runs other code to end. It refuses while another client or a run needs it. */
const hasLeft = async ({ url }: Presence): Promise<boolean> => {
  try {
    return (await fetch(`${url}/leave`, { method: 'POST', signal: AbortSignal.timeout(5000) })).ok;
  } catch {
    return true;
  }
};

type Lease = { waiting: number; lost: boolean; close(): void };

/** Keeps the daemon up as long as its response lasts. `env` is for the handlers; null where this client runs nothing. */
const lease = ({ url }: Presence, env: Record<string, string> | null): Promise<Lease | undefined> =>
  new Promise((resolve) => {
    const sent = request(`${url}/lease`, { method: 'POST', agent: false });
    sent.on('error', () => resolve(undefined));
    sent.on('response', (response) => {
      if (response.statusCode !== 200) return resolve(undefined);
      const taken = { waiting: Number(response.headers[waitingHeader]), lost: false, close: () => void sent.destroy() };
      const lose = () => {
        taken.lost = true;
      };
      response
        .on('error', () => {})
        .on('close', lose)
        .resume();
      sent.socket?.unref();
      resolve(taken);
    });
    sent.end(JSON.stringify(env));
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
    cwd: projectRoot,
    detached: true,
    env: { NODE_COMPILE_CACHE: join(bundles, 'compiled'), ...env },
    stdio: ['ignore', out, out],
  });
  child.unref();
  closeSync(out);
  return child;
};

const unavailable = (dir: string, why: string): Failure => {
  const logged = existsSync(log(dir)) ? readFileSync(log(dir), 'utf8') : '';
  const last = logged.trimEnd().split('\n').slice(-12).join('\n');
  return new Failure('StoreUnavailable', `the local service ${why}; the end of ${log(dir)}:\n${last}`);
};

/** Whether a daemon failed. A daemon that lost the race for the directory, or ended idle, did not. */
const hasFailed = ({ exitCode }: ChildProcess): boolean =>
  exitCode !== null && exitCode !== 0 && exitCode !== lockedExitCode;
const hasEnded = (child: ChildProcess | undefined): boolean =>
  child === undefined || child.exitCode !== null || child.signalCode !== null;

export type ConnectOptions = {
  /** The operator's environment. With `resume`, its credentials and provider settings reach the handlers. */
  env?: NodeJS.ProcessEnv;
  /** Whether this client runs jobs. Open executions of an earlier daemon then continue, in its environment. */
  resume?: boolean;
  waitSeconds?: number;
};

/** The real path of the directory, which is created if it is missing. Throws StoreUnavailable where it is not writable. */
const writableDirectory = (dir: string): string => {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    accessSync(dir, constants.W_OK | constants.X_OK);
    return realpathSync(dir);
  } catch (cause) {
    throw unusableDirectory(dir, cause);
  }
};

/**
 * Connects to the local service of `dir` and starts its one daemon where none runs. An idle daemon of other code is replaced.
 * Throws StoreUnavailable, with the end of the daemon's log, where no daemon answers within `waitSeconds`.
 */
export const connect = async (
  dir: string,
  setup: Setup = {},
  { env = process.env, resume = true, waitSeconds = 60 }: ConnectOptions = {},
): Promise<Connection> => {
  const home = writableDirectory(dir);
  const bundles = await bundleCache();
  const code = codeStamp(bundles, setup);
  const shell = ownEnv(env);
  const until = Date.now() + waitSeconds * 1000;
  let child: ChildProcess | undefined;

  const attach = async (presence: Presence): Promise<Connection | undefined> => {
    if (presence.code !== code && (await hasLeft(presence))) return undefined;
    const leased = await lease(presence, resume ? shell : null);
    if (leased === undefined) return undefined;
    const { url, pid } = presence;
    return Object.assign(leased, { url, pid, env: clientEnv(url, shell, tableName) });
  };

  while (Date.now() < until) {
    const presence = await find(home);
    const connection = presence && (await attach(presence));
    if (connection !== undefined) return connection;
    if (child !== undefined && hasFailed(child)) throw unavailable(home, `ended with exit code ${child.exitCode}`);
    if (presence === undefined && hasEnded(child))
      child = spawnDaemon(bundles, [home, code, JSON.stringify(setup)], env);
    await setTimeout(25);
  }
  throw unavailable(home, `did not answer within ${waitSeconds} s`);
};
