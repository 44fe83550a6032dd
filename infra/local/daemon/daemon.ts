import type { ServerResponse } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { Failure } from '../../../lib/failure.ts';
import { definitionCache } from '../step-functions/definition-cache.ts';
import { errorReply, jsonReply, type WireReply, type WireRequest } from '../wire.ts';
import { inUse } from './bundle-cache.ts';
import { bundledFunctions, nightshiftService } from './handlers.ts';
import {
  lockedExitCode,
  type Presence,
  readPresence,
  removePresence,
  waitingHeader,
  writePresence,
} from './presence.ts';
import type { LocalService } from './service.ts';

/** How long it waits for the client that started it, which may have a slow machine. */
const firstClientMs = 15_000;
const [dir = '.', code = '', setup = '{}'] = process.argv.slice(2);
const { idleMs = 2000, ...options } = JSON.parse(setup);

const leases = new Set<ServerResponse>();
/** Whoever holds the timer, and is told what happens. */
let holder: ServerResponse | undefined;
let service: LocalService | undefined;
let presence: Presence | undefined;
/** What the handlers find: what any client that runs has brought. One that brings no key takes none away from a run at work. */
let env: Record<string, string> = { NIGHTSHIFT_CONFIG: options.config ?? dir };
/** Until when it is needed, as far as is known. */
let neededUntil = 0;
let leaving = false;

const say = (message: unknown): void => console.error(new Date().toISOString(), process.pid, message);

const messages = (error: unknown): string[] =>
  error instanceof Error ? [error.message, ...messages(error.cause)] : [];

const leave = async (why: string): Promise<void> => {
  if (leaving) return;
  leaving = true;
  say(`leaves: ${why}`);
  if (presence !== undefined) removePresence(presence);
  await service?.close().catch(say);
  process.exit(0);
};

/** Nothing is worked on before a client that runs has come: the handlers need what its shell knows. */
const work = (brought: Record<string, string>): void => {
  const wanted = { ...env, ...brought };
  if (!isDeepStrictEqual(wanted, env)) service?.reset(wanted);
  env = wanted;
  service?.resume();
};

/** A lease is an answer that never ends: it lives as long as the client, however the client dies. Its body is the environment of one that runs, else null. */
const lease = (request: WireRequest, response: ServerResponse): 'taken' => {
  const brought = JSON.parse(request.body);
  leases.add(response);
  neededUntil = 0;
  response.once('close', () => leases.delete(response));
  if (brought !== null) work(brought);
  response.writeHead(200, { [waitingHeader]: String(service?.waiting ?? 0) }).flushHeaders();
  return 'taken';
};

/** The timer runs for one client at a time, and no longer than that lives. Each line of the answer is something that happened. */
const hold = (response: ServerResponse): WireReply | 'taken' => {
  if (holder !== undefined) return errorReply(409, 'ResourceInUseException', 'somebody holds the timer');
  holder = response;
  response.once('close', () => {
    holder = undefined;
    service?.timer.stop();
  });
  response.writeHead(200).flushHeaders();
  return 'taken';
};

const fireFromNowOn = (): WireReply => {
  if (holder === undefined) return errorReply(409, 'ResourceInUseException', 'nobody holds the timer');
  service?.timer.start();
  return jsonReply(200, {});
};

const route = (request: WireRequest, response: ServerResponse): WireReply | 'taken' | undefined => {
  if (request.path === '/presence') return jsonReply(200, presence ?? {});
  if (request.method !== 'POST') return undefined;
  if (request.path === '/lease') return lease(request, response);
  if (request.path === '/timer') return hold(response);
  if (request.path === '/timer/start') return fireFromNowOn();
  if (request.path !== '/leave') return undefined;
  if (leases.size > 0 || service?.busy) return errorReply(409, 'ResourceInUseException', 'it is needed');
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
    report: say,
    tell: (event) => void holder?.write(`${JSON.stringify(event)}\n`),
    resume: false,
  });
  presence = { dir, url: service.url, pid: process.pid, code };
  writePresence(presence);
  neededUntil = Date.now() + firstClientMs;
  say(`serves ${dir} at ${service.url}`);
  setInterval(() => {
    inUse(import.meta.dirname);
    if (readPresence(dir)?.pid !== process.pid) void leave('its file is gone');
    else if (leases.size > 0 || service?.busy) neededUntil = Math.max(neededUntil, Date.now() + idleMs);
    else if (Date.now() > neededUntil) void leave('nobody needs it');
  }, idleMs / 8);
};

process.on('SIGTERM', () => void leave('SIGTERM'));
process.on('SIGINT', () => void leave('SIGINT'));
start().catch((error: unknown) => {
  say(error);
  say(`cannot serve: ${messages(error).join(': ')}`);
  process.exit(error instanceof Failure && error.name === 'StoreUnavailable' ? lockedExitCode : 1);
});
