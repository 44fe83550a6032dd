import { flushCompileCache } from 'node:module';
import { pathToFileURL } from 'node:url';

/** One invocation, from the service to its worker. `event` is JSON; `deadline` is in epoch milliseconds. */
export type WorkerCall = { requestId: string; event: string; deadline: number; functionName: string; arn: string };
export type LambdaError = { errorType: string; errorMessage: string; trace?: string[] };
export type WorkerReply =
  | { kind: 'ready' }
  | { kind: 'done'; payload: string }
  | { kind: 'failed'; error: LambdaError };

type Handler = (event: unknown, context: unknown) => unknown;

const reply = (message: WorkerReply): Promise<void> =>
  new Promise((resolve) => {
    process.send?.(message, undefined, {}, () => resolve());
  });

/** An error as Lambda's Node runtime reports it. Its type is `error.name`, which minifying does not change. */
const toError = (thrown: unknown): LambdaError =>
  thrown instanceof Error
    ? { errorType: thrown.name, errorMessage: thrown.message, trace: (thrown.stack ?? '').split('\n') }
    : { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };

const context = ({ requestId, deadline, functionName, arn }: WorkerCall) => ({
  awsRequestId: requestId,
  functionName,
  functionVersion: '$LATEST',
  invokedFunctionArn: arn,
  memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  logGroupName: `/aws/lambda/${functionName}`,
  logStreamName: `local/${process.pid}`,
  callbackWaitsForEmptyEventLoop: true,
  getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
});

const run = async (handler: Handler, call: WorkerCall): Promise<WorkerReply> => {
  try {
    const result = await handler(JSON.parse(call.event), context(call));
    return { kind: 'done', payload: JSON.stringify(result) ?? 'null' };
  } catch (thrown) {
    return { kind: 'failed', error: toError(thrown) };
  }
};

const load = async (module: string): Promise<Handler> => {
  const { handler } = await import(pathToFileURL(module).href);
  if (typeof handler === 'function') return handler;
  throw Object.assign(new Error(`${module} exports no handler`), { name: 'Runtime.HandlerNotFound' });
};

// The channel closes when the local service ends, even by SIGKILL.
process.on('disconnect', () => process.exit());

try {
  const handler = await load(process.argv[2] ?? '');
  process.on('message', async (call: WorkerCall) => reply(await run(handler, call)));
  flushCompileCache(); // Node flushes it at an orderly exit, which this process never has
  await reply({ kind: 'ready' });
} catch (thrown) {
  console.error(thrown);
  await reply({ kind: 'failed', error: toError(thrown) });
  process.exit(1);
}
