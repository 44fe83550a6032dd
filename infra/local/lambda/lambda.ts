import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { arnName } from '../arn.ts';
import { errorReply, type HttpReply, type HttpRequest, jsonReply } from '../aws-protocol.ts';
import { openLogFile } from './log-file.ts';
import { openPool } from './pool.ts';
import type { Invocation, LocalFunction } from './sandbox.ts';

export type Lambda = {
  has(name: string): boolean;
  /** Invokes and waits. `event` is JSON. Never rejects. */
  invoke(name: string, event: string, requestId?: string): Promise<Invocation>;
  reset(env: Record<string, string>): void;
  /** Kills every worker process. Their invocations fail, and no further process starts. */
  kill(): Promise<void>;
};

/** The environment that Lambda sets for a function. */
const lambdaEnv = (name: string, { memoryMb = 256 }: LocalFunction): Record<string, string> => ({
  AWS_LAMBDA_FUNCTION_NAME: name,
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
  AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
  TZ: ':UTC',
});

const isJsonObject = (line: string): boolean => {
  if (!line.startsWith('{')) return false;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
};

/** The functions of a local service. Each line they print is logged as JSON in `<dir>/logs/<function>.jsonl`. */
export const openLambda = (
  dir: string,
  functions: Record<string, LocalFunction>,
  { env, most }: { env: Record<string, string>; most: number },
): Lambda => {
  const logs = join(dir, 'logs');
  mkdirSync(logs, { recursive: true });
  const pools = new Map(
    Object.entries(functions).map(([name, definition]) => {
      const own = lambdaEnv(name, definition);
      const append = openLogFile(logs, name);
      const log = (line: string) => {
        const entry = isJsonObject(line)
          ? line
          : JSON.stringify({ timestamp: new Date().toISOString(), message: line });
        append(`${entry}\n`);
      };
      return [name, { own, pool: openPool(name, definition, { env: { ...env, ...own }, most, log }) }];
    }),
  );
  return {
    has: (name) => pools.has(name),
    async invoke(name, event, requestId = randomUUID()) {
      const found = pools.get(name);
      if (found !== undefined) return found.pool.invoke(requestId, event);
      const error = { errorType: 'Lambda.ResourceNotFoundException', errorMessage: `Function not found: ${name}` };
      return { ok: false, error };
    },
    reset(next) {
      for (const { own, pool } of pools.values()) pool.reset({ ...next, ...own });
    },
    async kill() {
      await Promise.all([...pools.values()].map(({ pool }) => pool.kill()));
    },
  };
};

/** The function in a request's path. Undefined where the path is not that of Lambda's Invoke. */
export const invokedFunction = (path: string): string | undefined => {
  const match = /^\/2015-03-31\/functions\/([^/?]+)\/invocations(\?|$)/.exec(path);
  return match?.[1] === undefined ? undefined : arnName(decodeURIComponent(match[1]));
};

/** Lambda's Invoke: RequestResponse waits for the result, Event only until the event is queued. */
export const answerInvoke = async (
  name: string,
  { headers, body }: HttpRequest,
  deps: { lambda: Lambda; enqueue(name: string, event: string): string },
): Promise<HttpReply> => {
  if (!deps.lambda.has(name)) return errorReply(404, 'ResourceNotFoundException', `Function not found: ${name}`);
  const event = body === '' ? '{}' : body;
  try {
    JSON.parse(event);
  } catch {
    return errorReply(400, 'InvalidRequestContentException', 'Could not parse request body into json');
  }
  if (headers['x-amz-invocation-type'] === 'Event')
    return { status: 202, headers: { 'x-amzn-requestid': deps.enqueue(name, event) }, body: '' };
  const result = await deps.lambda.invoke(name, event);
  const version = { 'x-amz-executed-version': '$LATEST', 'content-type': 'application/json' };
  if (result.ok) return { status: 200, headers: version, body: result.payload };
  return jsonReply(200, result.error, { ...version, 'x-amz-function-error': 'Unhandled' });
};
