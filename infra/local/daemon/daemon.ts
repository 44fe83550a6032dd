import { existsSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { Failure } from '../../../lib/failure.ts';
import { errorReply, type HttpReply, type HttpRequest, jsonReply } from '../aws-protocol.ts';
import { definitionCache } from '../step-functions/definition-cache.ts';
import { markUsed } from './bundle-cache.ts';
import { machineEnv, readBrought } from './env.ts';
import { bundledFunctions, nightshiftService } from './nightshift-service.ts';
import {
  lockedExitCode,
  type Presence,
  readPresence,
  removePresence,
  waitingHeader,
  writePresence,
} from './presence.ts';
import type { LocalService } from './service.ts';

/** How long the daemon waits for the client that started it. */
const firstClientMs = 15_000;
const [dir = '.', code = '', setup = '{}'] = process.argv.slice(2);
const { idleMs = 2000, ...options } = JSON.parse(setup);

const leases = new Set<ServerResponse>();
/** The response to the client that holds the timer. Events are written to it. */
let timerHolder: ServerResponse | undefined;
let service: LocalService | undefined;
let presence: Presence | undefined;
/** The environment of the handlers: this process's own, and what all clients with `resume` have brought. */
let env: Record<string, string> = { ...machineEnv(process.env), NIGHTSHIFT_CONFIG: options.config ?? dir };
/** Until when the daemon stays without a client and without work. */
let neededUntil = 0;
let leaving = false;

process.umask(0o077);

const log = (message: unknown): void => console.error(new Date().toISOString(), process.pid, message);

const messagesOf = (error: unknown): string[] =>
  error instanceof Error ? [error.message, ...messagesOf(error.cause)] : [];

const leave = async (why: string): Promise<void> => {
  if (leaving) return;
  leaving = true;
  log(`leaves: ${why}`);
  if (presence !== undefined) removePresence(presence);
  await service?.close().catch(log);
  process.exit(0);
};

/** Resumes open executions in the environment of a client. They wait for it, because handlers need its credentials. */
const resumeWith = (clientEnv: Record<string, string>): void => {
  const merged = { ...env, ...clientEnv };
  if (!isDeepStrictEqual(merged, env)) service?.reset(merged);
  env = merged;
  service?.resume();
};

/** A lease is a response that lasts as long as the client's process. The request's body is the client's environment, or null where it runs nothing. */
const lease = (request: HttpRequest, response: ServerResponse): HttpReply | 'taken' => {
  const clientEnv = readBrought(request.body);
  if (clientEnv === undefined) return errorReply(400, 'ValidationException', 'expected an environment, or null');
  leases.add(response);
  neededUntil = 0;
  response.once('close', () => leases.delete(response));
  if (clientEnv !== null) resumeWith(clientEnv);
  response.writeHead(200, { [waitingHeader]: String(service?.waiting ?? 0) }).flushHeaders();
  return 'taken';
};

/** Gives the timer to one client for as long as its process lives. Each line of the response is an event. */
const holdTimer = (response: ServerResponse): HttpReply | 'taken' => {
  if (timerHolder !== undefined) return errorReply(409, 'ResourceInUseException', 'another client holds the timer');
  timerHolder = response;
  response.once('close', () => {
    timerHolder = undefined;
    service?.timer.stop();
  });
  response.writeHead(200).flushHeaders();
  return 'taken';
};

const startTimer = (): HttpReply => {
  if (timerHolder === undefined) return errorReply(409, 'ResourceInUseException', 'no client holds the timer');
  service?.timer.start();
  return jsonReply(200, {});
};

const route = (request: HttpRequest, response: ServerResponse): HttpReply | 'taken' | undefined => {
  if (request.path === '/presence') return jsonReply(200, presence ?? {});
  if (request.method !== 'POST') return undefined;
  if (request.path === '/lease') return lease(request, response);
  if (request.path === '/timer') return holdTimer(response);
  if (request.path === '/timer/start') return startTimer();
  if (request.path !== '/leave') return undefined;
  if (leases.size > 0 || service?.busy)
    return errorReply(409, 'ResourceInUseException', 'a client or a run needs this daemon');
  response.once('finish', () => void leave('a client has other code'));
  return jsonReply(200, {});
};

const start = async (): Promise<void> => {
  service = await nightshiftService(dir, {
    functions: bundledFunctions(import.meta.dirname),
    checked: definitionCache(import.meta.dirname),
    ...options,
    env,
    route,
    report: log,
    onEvent: (event) => void timerHolder?.write(`${JSON.stringify(event)}\n`),
    resume: false,
  });
  presence = { dir, socket: service.socket, pid: process.pid, code };
  writePresence(presence);
  neededUntil = Date.now() + firstClientMs;
  log(`serves ${dir} at ${service.socket}`);
  setInterval(() => {
    markUsed(import.meta.dirname);
    if (readPresence(dir)?.pid !== process.pid) void leave('its file is gone');
    else if (!existsSync(presence?.socket ?? '')) void leave('its socket is gone');
    else if (leases.size > 0 || service?.busy) neededUntil = Math.max(neededUntil, Date.now() + idleMs);
    else if (Date.now() > neededUntil) void leave('no client and no run needs it');
  }, idleMs / 8);
};

process.on('SIGTERM', () => void leave('SIGTERM'));
process.on('SIGINT', () => void leave('SIGINT'));
start().catch((error: unknown) => {
  log(error);
  log(`cannot serve: ${messagesOf(error).join(': ')}`);
  process.exit(error instanceof Failure && error.name === 'StoreUnavailable' ? lockedExitCode : 1);
});
