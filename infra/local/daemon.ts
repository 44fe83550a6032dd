import type { ServerResponse } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { Failure } from '../../lib/failure.ts';
import { ownEnv } from './env.ts';
import { nightshiftService } from './nightshift.ts';
import { lockedExitCode, type Presence, removePresence, writePresence } from './presence.ts';
import type { LocalService } from './service.ts';
import { errorReply, jsonReply, type WireReply, type WireRequest } from './wire.ts';

/** How long it waits for the client that started it, which may have a slow machine. */
const firstClientMs = 15_000;
const [dir = '.', code = '', setup = '{}'] = process.argv.slice(2);
const { idleMs = 2000, ...options } = JSON.parse(setup);

const leases = new Set<ServerResponse>();
let service: LocalService | undefined;
let presence: Presence | undefined;
/** What the handlers find: what any client has brought. One that brings no key takes none away from a run at work. */
let env: Record<string, string> = { NIGHTSHIFT_CONFIG: options.config ?? dir, ...ownEnv(process.env) };
/** Until when it is needed, as far as is known. */
let neededUntil = 0;
let leaving = false;

const say = (message: unknown): void => console.error(new Date().toISOString(), process.pid, message);

const leave = async (why: string): Promise<void> => {
  if (leaving) return;
  leaving = true;
  say(`leaves: ${why}`);
  if (presence !== undefined) removePresence(presence);
  await service?.close();
  process.exit(0);
};

/** A lease is an answer that never ends: it lives as long as the client, however the client dies. */
const lease = (request: WireRequest, response: ServerResponse): 'taken' => {
  const wanted = { ...env, ...JSON.parse(request.body) };
  leases.add(response);
  neededUntil = 0;
  response.once('close', () => leases.delete(response));
  response.writeHead(200).flushHeaders();
  if (!isDeepStrictEqual(wanted, env)) service?.reset(wanted);
  env = wanted;
  return 'taken';
};

const route = (request: WireRequest, response: ServerResponse): WireReply | 'taken' | undefined => {
  if (request.path === '/presence') return jsonReply(200, presence ?? {});
  if (request.method !== 'POST') return undefined;
  if (request.path === '/lease') return lease(request, response);
  if (request.path !== '/leave') return undefined;
  if (leases.size > 0 || Date.now() < neededUntil - idleMs)
    return errorReply(409, 'ResourceInUseException', 'another client is at work');
  response.once('finish', () => void leave('a client has other code'));
  return jsonReply(200, {});
};

const start = async (): Promise<void> => {
  service = await nightshiftService(dir, { ...options, env, route, report: say });
  presence = { dir, url: service.url, pid: process.pid, code };
  writePresence(presence);
  neededUntil = Date.now() + firstClientMs;
  say(`serves ${dir} at ${service.url}`);
  setInterval(() => {
    if (leases.size > 0 || service?.busy) neededUntil = Math.max(neededUntil, Date.now() + idleMs);
    else if (Date.now() > neededUntil) void leave('nobody needs it');
  }, idleMs / 8);
};

process.on('SIGTERM', () => void leave('SIGTERM'));
process.on('SIGINT', () => void leave('SIGINT'));
start().catch((error: unknown) => {
  say(error);
  process.exit(error instanceof Failure && error.name === 'StoreUnavailable' ? lockedExitCode : 1);
});
