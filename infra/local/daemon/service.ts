import { mkdirSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { Failure } from '../../../lib/failure.ts';
import { functionArn } from '../arn.ts';
import { errorReply, type HttpReply, type HttpRequest, serve } from '../aws-protocol.ts';
import { openDynamo } from '../dynamodb/dynamo.ts';
import { openAsyncQueue } from '../lambda/async-queue.ts';
import { answerInvoke, invokedFunction, openLambda } from '../lambda/lambda.ts';
import type { Invocation, LocalFunction } from '../lambda/sandbox.ts';
import { type Clock, systemClock } from '../scheduler/clock.ts';
import { answerScheduler, isScheduler } from '../scheduler/scheduler.ts';
import { openSchedules } from '../scheduler/schedules.ts';
import { openTimer, type Rule, type Timer, type TimerEvent } from '../scheduler/timer.ts';
import type { DefinitionCache } from '../step-functions/definition-cache.ts';
import { openExecutions } from '../step-functions/executions.ts';
import { type Journal, openJournal } from '../step-functions/journal.ts';
import { parseDefinition, type WaitOverrides } from '../step-functions/machine.ts';
import { statusEvent } from '../step-functions/status-event.ts';
import { answerStepFunctions } from '../step-functions/step-functions.ts';
import { clientEnv } from './env.ts';
import { listenPrivately } from './service-socket.ts';

/** An event of the timer, or the end of an asynchronous invocation. */
export type ServiceEvent = TimerEvent | { kind: 'ended'; function: string; event: unknown; result: Invocation };

export type ServiceOptions = {
  /** The directory of all data: table, executions, schedules, queue, dead letters, logs. One service uses it at a time. */
  dir: string;
  functions: Record<string, LocalFunction>;
  /** The ASL, with `${NameArn}` placeholders for the functions. */
  definition: string;
  /** Definitions that are known to be valid. Default: those that this process has checked. */
  checked?: DefinitionCache;
  table: { name: string; properties: Record<string, unknown> };
  /** Additional environment of the handlers. Default: none. */
  env?: Record<string, string>;
  /** The function that gets EventBridge's event of each execution that fails, times out or is aborted. */
  statusFunction?: string;
  /** Functions that the timer invokes regularly, beside the schedules. Default: none. */
  rules?: Rule[];
  /** The clock of the timer. Default: the system's. */
  clock?: Clock;
  /** Receives the events of the service. */
  onEvent?(event: ServiceEvent): void;
  overrides?: WaitOverrides;
  /** The journal of executions. Default: files in `dir`. */
  journal?: Journal;
  /** Pauses before Lambda's two asynchronous retries. */
  retryDelaysMs?: number[];
  /** How many processes one function may have at a time. */
  processes?: number;
  /** False: open executions and queued events of an earlier service wait for `resume`. Default: they continue at once. */
  resume?: boolean;
  /** Answers requests that are for no AWS service. They do not make the service busy. */
  route?(request: HttpRequest, response: ServerResponse): HttpReply | 'taken' | undefined;
  /** Receives errors that no caller gets. Default: standard error. */
  report?(error: unknown): void;
};

export type LocalService = {
  /** The Unix socket on which the service answers. */
  socket: string;
  /** The environment with which the handlers' AWS SDK clients reach this service. */
  env: Record<string, string>;
  /** True while an execution runs, an event waits or a request is being answered. */
  readonly busy: boolean;
  /** How many open executions of an earlier service wait for `resume`. */
  readonly waiting: number;
  /** Continues open executions and queued events of an earlier service. The second call does nothing. */
  resume(): void;
  /** Fires the schedules between `start` and `stop`. At first it is stopped. */
  timer: Pick<Timer, 'start' | 'stop'>;
  /** Gives the handlers another environment from their next invocation on. */
  reset(env: Record<string, string>): void;
  /** Kills the workers and closes the data. Open executions continue when the service starts again. */
  close(): Promise<void>;
};

const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

const isLocked = (thrown: unknown): boolean =>
  thrown instanceof Error && 'code' in thrown && thrown.code === 'LEVEL_LOCKED';

/** Locks the directory with LevelDB's lock, which the operating system releases at the end of the process. */
const lock = async (dir: string): Promise<{ close(): Promise<void> }> => {
  const database = new ClassicLevel(join(dir, 'lock'));
  try {
    await database.open();
    return database;
  } catch (cause) {
    const isTaken = cause instanceof Error && isLocked(cause.cause);
    throw isTaken ? new Failure('StoreUnavailable', `another local service uses ${dir}`, { cause }) : cause;
  }
};

const workerEnv = (socket: string, options: ServiceOptions, env: Record<string, string>): Record<string, string> => ({
  ...env,
  ...clientEnv(socket, env, options.table.name),
  POWERTOOLS_SERVICE_NAME: 'nightshift',
  POWERTOOLS_METRICS_NAMESPACE: 'Nightshift',
});

const listen = async ({ dir, table }: ServiceOptions) => {
  const { server, answer: dynamo } = await openDynamo(dir, table);
  return { server, dynamo, socket: await listenPrivately(server, dir) };
};

/**
 * DynamoDB, Step Functions, Scheduler and Lambda on one Unix socket, in AWS's own protocols and durable in `dir`.
 * Only this user reaches the socket.
 * Throws StoreUnavailable where another service uses `dir`.
 */
export const startService = async (options: ServiceOptions): Promise<LocalService> => {
  const { dir, functions, table, env = {}, report = console.error } = options;
  const arns = Object.fromEntries(Object.keys(functions).map((name) => [`${capital(name)}Arn`, functionArn(name)]));
  const definition = parseDefinition(options.definition, arns, options.checked);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const directoryLock = await lock(dir);
  const { server, dynamo, socket } = await listen(options).catch(async (error: unknown) => {
    await directoryLock.close();
    throw error;
  });

  const lambda = openLambda(dir, functions, {
    env: workerEnv(socket.path, options, env),
    most: options.processes ?? 8,
  });
  const onEvent = options.onEvent ?? (() => {});
  const queue = openAsyncQueue(dir, {
    lambda,
    delaysMs: options.retryDelaysMs ?? [1000, 2000],
    report,
    ended: ({ name, event }, result) => onEvent({ kind: 'ended', function: name, event: JSON.parse(event), result }),
  });
  const { clock = systemClock, rules = [] } = options;
  const schedules = openSchedules(dir, report);
  const timer = openTimer(schedules, { clock, rules, enqueue: queue.enqueue, onEvent, report });
  const executions = openExecutions(definition, {
    journal: options.journal ?? openJournal(dir, report),
    invoke: (name, event) => lambda.invoke(name, event),
    announce: (ended) => {
      if (options.statusFunction) queue.enqueue(options.statusFunction, JSON.stringify(statusEvent(ended)));
    },
    overrides: options.overrides ?? {},
    report,
  });

  let active = 0;
  let closing = false;
  const route = (request: HttpRequest): HttpReply | Promise<HttpReply> => {
    const [service, action = ''] = String(request.headers['x-amz-target'] ?? '').split('.');
    if (service === 'DynamoDB_20120810') return dynamo(request);
    if (service === 'AWSStepFunctions') return answerStepFunctions(executions, action, request.body);
    if (isScheduler(request.path)) return answerScheduler(request, { schedules, clock, changed: timer.changed });
    const name = invokedFunction(request.path);
    if (name !== undefined && request.method === 'POST')
      return answerInvoke(name, request, { lambda, enqueue: queue.enqueue });
    return errorReply(400, 'UnknownOperationException', `no local service answers ${request.path}`);
  };
  const answer = async (request: HttpRequest, response: ServerResponse): Promise<HttpReply | 'taken'> => {
    if (closing) return errorReply(503, 'ServiceUnavailable', 'the service is closing');
    const own = options.route?.(request, response);
    if (own !== undefined) return own;
    active += 1;
    try {
      return await route(request);
    } finally {
      active -= 1;
      if (active === 0) drained?.();
    }
  };
  let drained: (() => void) | undefined;
  serve(server, answer, report);
  let resumed = false;
  const resume = (): void => {
    if (resumed) return;
    resumed = true;
    queue.resume();
    executions.resume();
  };
  if (options.resume !== false) resume();

  const close = async (): Promise<void> => {
    if (closing) return;
    closing = true;
    timer.stop();
    executions.halt();
    queue.stop();
    await lambda.kill();
    await new Promise<void>((resolve) => {
      if (active === 0) resolve();
      else drained = resolve;
    });
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    socket.close();
    await directoryLock.close();
  };

  return {
    socket: socket.path,
    env: clientEnv(socket.path, env, table.name),
    get busy() {
      return active > 0 || executions.running > 0 || queue.size > 0;
    },
    get waiting() {
      return resumed ? 0 : executions.waiting;
    },
    resume,
    timer,
    reset: (next) => lambda.reset(workerEnv(socket.path, options, next)),
    close,
  };
};
