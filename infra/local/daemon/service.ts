import { mkdirSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { Failure } from '../../../lib/failure.ts';
import { functionArn } from '../arn.ts';
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
import { errorReply, serve, type WireReply, type WireRequest } from '../wire.ts';
import { clientEnv } from './env.ts';

/** What the service tells of itself: of the timer, and how each asynchronous invocation ended. */
export type ServiceEvent = TimerEvent | { kind: 'ended'; function: string; event: unknown; result: Invocation };

export type ServiceOptions = {
  /** Holds everything durable: table, executions, schedules, queue, dead letters, logs. One service at a time works on it. */
  dir: string;
  functions: Record<string, LocalFunction>;
  /** The ASL, with `${NameArn}` placeholders for the functions. */
  definition: string;
  /** Definitions that need no check. Default: those this process has checked. */
  checked?: DefinitionCache;
  table: { name: string; properties: Record<string, unknown> };
  /** What the handlers find in their environment beside what Lambda and the service set. Default: nothing. */
  env?: Record<string, string>;
  /** The function that is sent EventBridge's event of each execution that fails, times out or is aborted. */
  statusFunction?: string;
  /** What the timer invokes regularly, beside the schedules. Default: nothing. */
  rules?: Rule[];
  /** The timer's own time. Default: the system's. */
  clock?: Clock;
  /** Hears what the service tells of itself. Default: nobody. */
  tell?(event: ServiceEvent): void;
  overrides?: WaitOverrides;
  /** Where executions are written down. Default: files in `dir`. */
  journal?: Journal;
  /** Pauses before Lambda's two asynchronous retries. */
  retryDelaysMs?: number[];
  /** Most processes of one function at a time. */
  processes?: number;
  port?: number;
  /** False: what an earlier service left open waits for `resume`. Default: it goes on at once. */
  resume?: boolean;
  /** Answers requests that are not for AWS. They do not make the service busy. */
  route?(request: WireRequest, response: ServerResponse): WireReply | 'taken' | undefined;
  /** Hears of errors nobody else can be told of. Default: standard error. */
  report?(error: unknown): void;
};

export type LocalService = {
  url: string;
  /** What a client needs in its environment to reach this service with the plain AWS SDK. */
  env: Record<string, string>;
  /** True while an execution runs, an event waits or a request is being answered. */
  readonly busy: boolean;
  /** How many executions an earlier service left open that wait for `resume`. */
  readonly waiting: number;
  /** Goes on with what an earlier service left. The second time it does nothing. */
  resume(): void;
  /** Fires the schedules while it is started. It is not, until somebody does. */
  timer: Pick<Timer, 'start' | 'stop'>;
  /** Gives the handlers another environment; those at work keep theirs to the end of their invocation. */
  reset(env: Record<string, string>): void;
  /** Ends at once, as a crash would, but orderly: workers are killed, and what runs goes on when the service next starts. */
  close(): Promise<void>;
};

const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

const isLocked = (thrown: unknown): boolean =>
  thrown instanceof Error && 'code' in thrown && thrown.code === 'LEVEL_LOCKED';

/** The lock on the directory: LevelDB's own, held by the operating system, so that it ends with the process. */
const lock = async (dir: string): Promise<{ close(): Promise<void> }> => {
  const held = new ClassicLevel(join(dir, 'lock'));
  try {
    await held.open();
    return held;
  } catch (cause) {
    const taken = cause instanceof Error && isLocked(cause.cause);
    throw taken ? new Failure('StoreUnavailable', `another service works on ${dir}`, { cause }) : cause;
  }
};

const workerEnv = (url: string, options: ServiceOptions, env: Record<string, string>): Record<string, string> => ({
  ...env,
  ...clientEnv(url, env, options.table.name),
  POWERTOOLS_SERVICE_NAME: 'nightshift',
  POWERTOOLS_METRICS_NAMESPACE: 'Nightshift',
});

const listen = async ({ dir, table, port = 0 }: ServiceOptions) => {
  const { server, answer: dynamo } = await openDynamo(dir, table);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return { server, dynamo, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
};

/**
 * Nightshift's AWS on one loopback port: DynamoDB, Step Functions, Scheduler and Lambda in AWS's own wire protocols, durable in
 * `dir`. Executions a killed service left open go on, at once or when asked to. Throws StoreUnavailable when another service works on `dir`.
 */
export const startService = async (options: ServiceOptions): Promise<LocalService> => {
  const { dir, functions, table, env = {}, report = console.error } = options;
  const arns = Object.fromEntries(Object.keys(functions).map((name) => [`${capital(name)}Arn`, functionArn(name)]));
  const definition = parseDefinition(options.definition, arns, options.checked);
  mkdirSync(dir, { recursive: true });
  const held = await lock(dir);
  const { server, dynamo, url } = await listen(options).catch(async (error: unknown) => {
    await held.close();
    throw error;
  });

  const lambda = openLambda(dir, functions, { env: workerEnv(url, options, env), most: options.processes ?? 8 });
  const tell = options.tell ?? (() => {});
  const queue = openAsyncQueue(dir, {
    lambda,
    delaysMs: options.retryDelaysMs ?? [1000, 2000],
    report,
    ended: ({ name, event }, result) => tell({ kind: 'ended', function: name, event: JSON.parse(event), result }),
  });
  const { clock = systemClock, rules = [] } = options;
  const schedules = openSchedules(dir, report);
  const timer = openTimer(schedules, { clock, rules, enqueue: queue.enqueue, tell, report });
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
  const route = (request: WireRequest): WireReply | Promise<WireReply> => {
    const [service, action = ''] = String(request.headers['x-amz-target'] ?? '').split('.');
    if (service === 'DynamoDB_20120810') return dynamo(request);
    if (service === 'AWSStepFunctions') return answerStepFunctions(executions, action, request.body);
    if (isScheduler(request.path)) return answerScheduler(request, { schedules, clock, changed: timer.changed });
    const name = invokedFunction(request.path);
    if (name !== undefined && request.method === 'POST')
      return answerInvoke(name, request, { lambda, enqueue: queue.enqueue });
    return errorReply(400, 'UnknownOperationException', `nothing here answers ${request.path}`);
  };
  const answer = async (request: WireRequest, response: ServerResponse): Promise<WireReply | 'taken'> => {
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
    await held.close();
  };

  return {
    url,
    env: clientEnv(url, env, table.name),
    get busy() {
      return active > 0 || executions.running > 0 || queue.size > 0;
    },
    get waiting() {
      return resumed ? 0 : executions.waiting;
    },
    resume,
    timer,
    reset: (next) => lambda.reset(workerEnv(url, options, next)),
    close,
  };
};
