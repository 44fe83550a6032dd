import { type ChildProcess, fork } from 'node:child_process';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { functionArn } from '../arn.ts';
import type { LambdaError, WorkerCall, WorkerReply } from './worker.ts';

/** A function of the local service: a module that exports `handler`, as source or as a packaged bundle. */
export type LocalFunction = { module: string; timeoutSeconds: number; memoryMb?: number };

/** How an invocation ended. `payload` is JSON. */
export type Invocation = { ok: true; payload: string } | { ok: false; error: LambdaError };

/** One worker process, with one invocation at a time. It takes none once `alive` is false. */
export type Sandbox = {
  readonly alive: boolean;
  invoke(requestId: string, event: string): Promise<Invocation>;
  /** Kills the process and resolves when it has ended. */
  kill(): Promise<void>;
};

/** Node's cache of compiled code, which workers share with this process. */
const { NODE_COMPILE_CACHE } = process.env;
const compileCache = NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE };

const initSeconds = 60;
const workerPath = join(import.meta.dirname, `worker${extname(import.meta.filename)}`);

const exited = (requestId: string, child: ChildProcess): LambdaError => {
  const how = child.signalCode === null ? `exit status ${child.exitCode}` : `signal: ${child.signalCode}`;
  return {
    errorType: 'Runtime.ExitError',
    errorMessage: `RequestId: ${requestId} Error: Runtime exited with error: ${how}`,
  };
};

const timedOut = (requestId: string, seconds: number): LambdaError => ({
  errorType: 'Sandbox.Timedout',
  errorMessage: `RequestId: ${requestId} Error: Task timed out after ${seconds.toFixed(2)} seconds`,
});

/** The worker's next reply, or how it ended instead. After `seconds` the process is killed. */
const nextReply = (
  child: ChildProcess,
  ended: Promise<unknown>,
  requestId: string,
  seconds: number,
): Promise<WorkerReply> =>
  new Promise((resolve) => {
    const settle = (reply: WorkerReply) => {
      clearTimeout(timer);
      child.off('message', settle);
      resolve(reply);
    };
    void ended.then(() => settle({ kind: 'failed', error: exited(requestId, child) }));
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      settle({ kind: 'failed', error: timedOut(requestId, seconds) });
    }, seconds * 1000);
    child.on('message', settle);
  });

/**
 * Starts a worker process for a function. As on Lambda the function's own time counts from when the module is loaded, and
 * a module that cannot be loaded fails the invocation. Each line the process writes goes to `log`.
 */
export const openSandbox = (
  name: string,
  { module, timeoutSeconds }: LocalFunction,
  deps: { env: Record<string, string>; log(line: string): void },
): Sandbox => {
  const env = { ...compileCache, ...deps.env };
  const child = fork(workerPath, [module], { env, execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  for (const stream of [child.stdout, child.stderr]) if (stream) createInterface(stream).on('line', deps.log);
  let alive = true;
  // The last reply may arrive after the exit, but not after the channel has closed.
  const ended = Promise.all([
    new Promise((resolve) => child.once('exit', resolve).once('error', resolve)),
    new Promise((resolve) => child.once('disconnect', resolve).once('error', resolve)),
  ]);
  void ended.then(() => {
    alive = false;
  });
  const ready = nextReply(child, ended, 'init', initSeconds);

  return {
    get alive() {
      return alive;
    },
    async invoke(requestId, event) {
      const first = await ready;
      if (first.kind === 'failed') {
        alive = false;
        return { ok: false, error: first.error };
      }
      if (!alive) return { ok: false, error: exited(requestId, child) };
      const answer = nextReply(child, ended, requestId, timeoutSeconds);
      const deadline = Date.now() + timeoutSeconds * 1000;
      const call: WorkerCall = { requestId, event, deadline, functionName: name, arn: functionArn(name) };
      child.send(call, () => {});
      const reply = await answer;
      if (reply.kind === 'done') return { ok: true, payload: reply.payload };
      const error = reply.kind === 'failed' ? reply.error : exited(requestId, child);
      if (child.killed || error.errorType === 'Runtime.ExitError') alive = false;
      return { ok: false, error };
    },
    async kill() {
      alive = false;
      child.kill('SIGKILL');
      await ended;
    },
  };
};
