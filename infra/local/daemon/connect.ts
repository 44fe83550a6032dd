import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Failure } from '../../../lib/failure.ts';
import { tableName } from '../arn.ts';
import type { LocalFunction } from '../lambda/sandbox.ts';
import { projectRoot } from '../project-root.ts';
import type { WaitOverrides } from '../step-functions/machine.ts';
import { bundleCache } from './bundle-cache.ts';
import { privateDirectory, unusableDirectory } from './data-directory.ts';
import { broughtEnv, clientEnv, machineEnv } from './env.ts';
import { codeStamp, lockedExitCode, Presence, readPresence, waitingHeader } from './presence.ts';
import { ask, isOwnSocket, openRequest } from './service-socket.ts';

/** The settings of a daemon, as JSON. The defaults are this project's own. */
export type Setup = {
  /** The directory that holds jobs/ and scripts/. */
  config?: string;
  functions?: Record<string, LocalFunction>;
  definition?: string;
  overrides?: WaitOverrides;
  /** How long the daemon stays without a client and without work. */
  idleMs?: number;
};

export type Connection = {
  /** The Unix socket of the daemon. */
  socket: string;
  /** The environment with which the handlers' AWS SDK clients reach the daemon. */
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

/**
 * The daemon of a directory. Undefined where it does not answer, or another one has its old socket. A socket that another user could have made is never
 * asked: what a client sends would be theirs.
 */
const find = async (dir: string): Promise<Presence | undefined> => {
  const recorded = readPresence(dir);
  if (recorded === undefined || !isOwnSocket(recorded.socket)) return undefined;
  try {
    const { body } = await ask(recorded.socket, { path: '/presence', signal: AbortSignal.timeout(5000) });
    const answered = Presence.safeParse(JSON.parse(body)).data;
    return answered?.pid === recorded.pid && answered.dir === dir ? answered : undefined;
  } catch {
    return undefined;
  }
};

/** Asks a daemon that runs other code to end. It refuses while another client or a run needs it. */
const hasLeft = async ({ socket }: Presence): Promise<boolean> => {
  try {
    const { status } = await ask(socket, { method: 'POST', path: '/leave', signal: AbortSignal.timeout(5000) });
    return status === 200;
  } catch {
    return true;
  }
};

type Lease = { waiting: number; lost: boolean; close(): void };

/** Keeps the daemon up as long as its response lasts. `env` is for the handlers; null where this client runs nothing. */
const lease = async ({ socket }: Presence, env: Record<string, string> | null): Promise<Lease | undefined> => {
  const body = JSON.stringify(env);
  const response = await openRequest(socket, { method: 'POST', path: '/lease', body }).catch(() => undefined);
  if (response?.statusCode !== 200) return void response?.destroy();
  const taken = { waiting: Number(response.headers[waitingHeader]), lost: false, close: () => void response.destroy() };
  const lose = () => {
    taken.lost = true;
  };
  response
    .on('error', () => {})
    .on('close', lose)
    .resume();
  response.socket.unref();
  return taken;
};

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
    env: { NODE_COMPILE_CACHE: join(bundles, 'compiled'), ...machineEnv(env) },
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

/**
 * Connects to the local service of `dir` and starts its one daemon where none runs. An idle daemon of other code is replaced.
 * Throws StoreUnavailable, with the end of the daemon's log, where no daemon answers within `waitSeconds`.
 */
export const connect = async (
  dir: string,
  setup: Setup = {},
  { env = process.env, resume = true, waitSeconds = 60 }: ConnectOptions = {},
): Promise<Connection> => {
  const home = privateDirectory(dir);
  const bundles = await bundleCache();
  const code = codeStamp(bundles, setup);
  const shell = broughtEnv(env);
  const until = Date.now() + waitSeconds * 1000;
  let child: ChildProcess | undefined;

  const attach = async (presence: Presence): Promise<Connection | undefined> => {
    if (presence.code !== code && (await hasLeft(presence))) return undefined;
    const leased = await lease(presence, resume ? shell : null);
    if (leased === undefined) return undefined;
    const { socket, pid } = presence;
    return Object.assign(leased, { socket, pid, env: clientEnv(socket, shell, tableName) });
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
