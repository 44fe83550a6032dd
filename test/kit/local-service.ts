import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { expect, onTestFinished } from 'vitest';
import { type LocalService, type ServiceOptions, startService } from '../../infra/local/daemon/service.ts';
import { ask, socketClient } from '../../infra/local/daemon/service-socket.ts';
import type { LocalFunction } from '../../infra/local/lambda/sandbox.ts';

/**
 * Writes a handler module: `body` is the body of `async (event, context)`, with a `count` of this process's calls. Its time
 * only ends what hangs, unless a test sets it.
 */
export const handler = (dir: string, name: string, body: string, timeoutSeconds = 150): LocalFunction => {
  const module = join(dir, `${name}.mjs`);
  writeFileSync(
    module,
    `import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
let count = 0;
const dir = ${JSON.stringify(dir)};
const until = async (holds) => { while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5)); };
export const handler = async (event, context) => { count += 1; ${body} };`,
  );
  return { module, timeoutSeconds };
};

/** A state machine of one task, `only`, with these fields beside. */
export const oneTask = (fields: Record<string, unknown> = {}, top: Record<string, unknown> = {}): string =>
  JSON.stringify({
    StartAt: 'Only',
    States: { Only: { Type: 'Task', Resource: '${OnlyArn}', End: true, ...fields } },
    ...top,
  });

const table = {
  name: 'things',
  properties: {
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
  },
};

/** A service on `dir`, closed when the test is over. */
export const serviceOn = async (
  dir: string,
  functions: Record<string, LocalFunction>,
  options: Partial<ServiceOptions> = {},
): Promise<LocalService> => {
  const definition = JSON.stringify({ StartAt: 'Done', States: { Done: { Type: 'Succeed' } } });
  const service = await startService({
    dir: join(dir, 'data'),
    functions,
    definition,
    table,
    retryDelaysMs: [1, 1],
    ...options,
  });
  onTestFinished(() => service.close());
  return service;
};

/** Invokes over the wire. `error` is the X-Amz-Function-Error header. */
export const invoke = async (socket: string, name: string, event: unknown = {}, type = 'RequestResponse') => {
  const { status, headers, body } = await ask(socket, {
    method: 'POST',
    path: `/2015-03-31/functions/${name}/invocations`,
    headers: { 'x-amz-invocation-type': type },
    body: JSON.stringify(event),
  });
  return {
    status,
    error: headers['x-amz-function-error'] ?? null,
    payload: body === '' ? undefined : JSON.parse(body),
  };
};

const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
/** The settings of SDK clients for the socket of a local service, or for the URL of another engine. */
export const clientOptions = (at: string) => {
  const common = { region: 'eu-west-1', credentials };
  if (!at.startsWith('/')) return { ...common, endpoint: at };
  const { endpoint, httpAgent } = socketClient(at);
  return { ...common, endpoint, requestHandler: { httpAgent } };
};

/** The state machine of a service, by the real SDK client. */
export const machine = ({ socket, env }: { socket: string; env: Record<string, string> }) => {
  const client = new SFNClient(clientOptions(socket));
  onTestFinished(() => client.destroy());
  const stateMachineArn = env.NIGHTSHIFT_STATE_MACHINE_ARN;
  return {
    client,
    start: (name: string, input: unknown = {}) =>
      client.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) })),
    /** How the execution ended. */
    ended: async (executionArn: string | undefined) => {
      const describe = () => client.send(new DescribeExecutionCommand({ executionArn }));
      await expect.poll(async () => (await describe()).status).not.toBe('RUNNING');
      return describe();
    },
  };
};

export const lines = (path: string): unknown[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/** Whether a process is there. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
