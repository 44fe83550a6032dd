import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import type { LambdaError } from '../../../infra/local/lambda/worker.ts';
import { requireEngine } from './install-engines.ts';
import { type RuntimeApi, runtimeApi } from './lambda-runtime-api.ts';

/** A deployed function: its unpacked archive and what the template says of it. */
export type Deployed = {
  name: string;
  dir: string;
  handler: string;
  memoryMb: number;
  timeoutSeconds: number;
  env: Record<string, string | undefined>;
};

export type Result = { ok: true; payload: unknown; pid: number } | { ok: false; error: LambdaError; pid: number };

/** A function of Lambda: one process at a time, started when there is none. */
export type Sandbox = {
  /** Invokes and waits. A process that is over its time is killed. */
  invoke(event: unknown, timeoutSeconds?: number): Promise<Result>;
  /** Ends the process, as Lambda does with one it needs no more, or as a machine that dies. */
  kill(): Promise<void>;
  /** What the runtime client did that Lambda would have refused, in all processes so far. */
  refused: string[];
};

const region = 'eu-west-1';
/** What the role of a function is known by while it runs. */
export const roleCredentials = {
  accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'secret-of-the-role',
  sessionToken: 'token-of-the-role',
};
const initSeconds = 60;
/** How much later than Lambda a process is killed at its deadline: one that still answers, its work half done, is so found out. */
const graceMs = 500;

/** What Lambda itself sets for a function in the Node 24 runtime. The credentials are those of its role. */
const lambdaEnv = ({ name, dir, handler, memoryMb }: Deployed, address: string): Record<string, string> => ({
  PATH: '/usr/local/bin:/usr/bin:/bin',
  LANG: 'en_US.UTF-8',
  TZ: ':UTC',
  LAMBDA_TASK_ROOT: dir,
  LAMBDA_RUNTIME_DIR: '/var/runtime',
  _HANDLER: handler,
  AWS_LAMBDA_RUNTIME_API: address,
  AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  AWS_LAMBDA_FUNCTION_NAME: name,
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
  AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
  AWS_LAMBDA_LOG_STREAM_NAME: `2026/11/22/[$LATEST]${randomUUID().replaceAll('-', '')}`,
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
  AWS_ACCESS_KEY_ID: roleCredentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: roleCredentials.secretAccessKey,
  AWS_SESSION_TOKEN: roleCredentials.sessionToken,
  AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
  AWS_XRAY_DAEMON_ADDRESS: '169.254.79.129:2000',
});

/** How Lambda starts Node: the heap is nine tenths of the function's memory. */
const nodeArgs = (memoryMb: number): string[] => [
  '--expose-gc',
  '--max-http-header-size=81920',
  `--max-semi-space-size=${Math.floor(memoryMb * 0.05)}`,
  `--max-old-space-size=${Math.floor(memoryMb * 0.9)}`,
];

const exitError = (requestId: string, { signalCode, exitCode }: ChildProcess): LambdaError => ({
  errorType: 'Runtime.ExitError',
  errorMessage: `RequestId: ${requestId} Error: Runtime exited with error: ${
    signalCode === null ? `exit status ${exitCode}` : `signal: ${signalCode}`
  }`,
});

const isOver = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

type Process = { child: ChildProcess; pid: number; api: RuntimeApi; gone: Promise<void> };

/** Starts AWS's runtime client on a function. What the process prints is added to `log`. It is frozen while it has no event. */
const start = async (deployed: Deployed, log: string): Promise<Process> => {
  const api = await runtimeApi(() => child.kill('SIGSTOP'));
  const out = openSync(log, 'a');
  const child = spawn(process.execPath, [...nodeArgs(deployed.memoryMb), requireEngine.resolve('aws-lambda-ric')], {
    cwd: deployed.dir,
    env: { ...deployed.env, ...lambdaEnv(deployed, api.address) },
    stdio: ['ignore', out, out],
  });
  closeSync(out);
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()));
  return { child, pid: child.pid ?? 0, api, gone };
};

/** How an invocation ended. One that is `over` ended with its process. */
type End = { ok: true; payload: string } | { ok: false; error: LambdaError; over?: boolean };

/** Lambda for one function, with AWS's own runtime client in each process. */
export const openSandbox = (deployed: Deployed, log: string): Sandbox => {
  const arn = `arn:aws:lambda:${region}:123456789012:function:${deployed.name}`;
  const refused: string[] = [];
  let running: Process | undefined;

  const end = async (process: Process): Promise<void> => {
    if (running === process) running = undefined;
    process.child.kill('SIGKILL');
    await process.gone;
    await process.api.close();
    refused.push(...process.api.refused.splice(0));
  };
  const kill = async (): Promise<void> => {
    if (running) await end(running);
  };

  /** What came first: the end of the work, of the process or of its time. */
  const within = async (requestId: string, { child, gone }: Process, seconds: number, work: Promise<End>) => {
    const over = Promise.withResolvers<LambdaError>();
    const said = `RequestId: ${requestId} Error: Task timed out after ${seconds.toFixed(2)} seconds`;
    const late = { errorType: 'Sandbox.Timedout', errorMessage: said };
    const timer = setTimeout(over.resolve, seconds * 1000 + graceMs, late);
    const died = Promise.race([over.promise, gone.then(() => exitError(requestId, child))]);
    const first = await Promise.race([work, died.then((error): End => ({ ok: false, error, over: true }))]);
    clearTimeout(timer);
    return first;
  };

  const answer = async (process: Process, event: unknown, timeoutSeconds: number): Promise<End> => {
    const { api, child } = process;
    const requestId = randomUUID();
    const waits = api
      .waits()
      .then((error): End => (error ? { ok: false, error, over: true } : { ok: true, payload: '' }));
    const begun = await within(requestId, process, initSeconds, waits);
    if (!begun.ok) return begun;
    child.kill('SIGCONT');
    const traceId = 'Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1';
    const deadlineMs = Date.now() + timeoutSeconds * 1000;
    const sent = api.send({ requestId, deadlineMs, arn, traceId, event: JSON.stringify(event) });
    return within(requestId, process, timeoutSeconds, sent);
  };

  const invoke: Sandbox['invoke'] = async (event, timeoutSeconds = deployed.timeoutSeconds) => {
    if (running && isOver(running.child)) await kill();
    running ??= await start(deployed, log);
    const process = running;
    const { pid } = process;
    const ended = await answer(process, event, timeoutSeconds);
    if (ended.ok) return { ok: true, pid, payload: JSON.parse(ended.payload) };
    if (ended.over) await end(process);
    return { ok: false, pid, error: ended.error };
  };
  return { invoke, kill, refused };
};
