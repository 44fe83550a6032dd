import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { expect, onTestFinished, test } from 'vitest';
import { ask } from '../../infra/local/daemon/service-socket.ts';
import { clientOptions, handler, invoke, isAlive, lines, serviceOn } from '../kit/local-service.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';

test("the local Lambda returns the handler's result, and keeps its process warm", async () => {
  const dir = temporaryDirectory();
  const { socket } = await serviceOn(dir, { only: handler(dir, 'only', 'return { event, count, pid: process.pid };') });
  const first = await invoke(socket, 'only', { a: 1 });
  expect(first).toMatchObject({ status: 200, error: null, payload: { event: { a: 1 }, count: 1 } });
  const second = await invoke(socket, 'only');
  expect(second.payload).toEqual({ event: {}, count: 2, pid: first.payload.pid });
});

test('the local Lambda gives a handler the context and environment of Lambda', async () => {
  const dir = temporaryDirectory();
  const body = `return { id: context.awsRequestId, name: context.functionName, arn: context.invokedFunctionArn,
    memory: context.memoryLimitInMB, deadline: Date.now() + context.getRemainingTimeInMillis(), env: process.env.AWS_LAMBDA_FUNCTION_NAME, extra: process.env.EXTRA };`;
  const only = { ...handler(dir, 'only', body, 70), memoryMb: 1024 };
  const { socket } = await serviceOn(dir, { only }, { env: { EXTRA: 'x' } });
  const sentAt = Date.now();
  const { payload } = await invoke(socket, 'only');
  const answeredAt = Date.now();
  expect(payload).toMatchObject({ name: 'only', env: 'only', extra: 'x', memory: '1024' });
  expect(payload.id).toMatch(/^[0-9a-f-]{36}$/);
  expect(payload.arn).toMatch(/^arn:aws:lambda:.*:function:only$/);
  expect(payload.deadline).toBeGreaterThanOrEqual(sentAt + 70_000);
  expect(payload.deadline).toBeLessThanOrEqual(answeredAt + 70_000);
});

test("the local Lambda lets a handler's own SDK client reach the local table, whatever the operator's AWS profile", async () => {
  const dir = temporaryDirectory();
  const [sdk, own] = ['@aws-sdk/client-dynamodb', '../../lib/io/aws/lambda.ts'].map((name) =>
    JSON.stringify(import.meta.resolve(name)),
  );
  const body = `const { DynamoDBClient, PutItemCommand } = await import(${sdk});
    const { clientOptions } = await import(${own});
    await new DynamoDBClient(clientOptions).send(new PutItemCommand({ TableName: process.env.NIGHTSHIFT_TABLE, Item: { pk: { S: 'by handler' } } }));`;
  const env = { AWS_PROFILE: 'nowhere', AWS_EC2_METADATA_DISABLED: 'true' };
  const service = await serviceOn(dir, { only: handler(dir, 'only', body) }, { env });
  expect(await invoke(service.socket, 'only')).toMatchObject({ error: null, payload: null });
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(clientOptions(service.socket)));
  onTestFinished(() => client.destroy());
  const { Item } = await client.send(
    new GetCommand({ TableName: service.env.NIGHTSHIFT_TABLE, Key: { pk: 'by handler' } }),
  );
  expect(Item).toEqual({ pk: 'by handler' });
});

test('the local Lambda reports a thrown error by its name', async () => {
  const dir = temporaryDirectory();
  const body = `throw Object.assign(new Error('no luck'), { name: 'ModelThrottled' });`;
  const { socket } = await serviceOn(dir, { only: handler(dir, 'only', body) });
  const { status, error, payload } = await invoke(socket, 'only');
  expect({ status, error }).toEqual({ status: 200, error: 'Unhandled' });
  expect(payload).toMatchObject({ errorType: 'ModelThrottled', errorMessage: 'no luck' });
  expect(payload.trace[0]).toBe('ModelThrottled: no luck');
});

test('the local Lambda reports a process that exits, and starts another for the next event', async () => {
  const dir = temporaryDirectory();
  const { socket } = await serviceOn(dir, {
    only: handler(dir, 'only', 'if (event.exit) process.exit(3); return count;'),
  });
  const died = await invoke(socket, 'only', { exit: true });
  expect(died).toMatchObject({ error: 'Unhandled', payload: { errorType: 'Runtime.ExitError' } });
  expect(died.payload.errorMessage).toMatch(/exit status 3$/);
  expect(await invoke(socket, 'only')).toMatchObject({ error: null, payload: 1 });
});

test('the local Lambda kills a process at its timeout', async () => {
  const dir = temporaryDirectory();
  const module = join(dir, 'only.mjs');
  const file = JSON.stringify(join(dir, 'pid'));
  const onLoad = `import { writeFileSync } from 'node:fs'; writeFileSync(${file}, String(process.pid));`;
  writeFileSync(module, `${onLoad} export const handler = () => { for (;;); };`);
  const loadedBy = () => Number(readFileSync(join(dir, 'pid'), 'utf8'));
  const { socket } = await serviceOn(dir, { only: { module, timeoutSeconds: 0.3 } });
  const { payload } = await invoke(socket, 'only');
  const pid = loadedBy();
  expect(payload.errorType).toBe('Sandbox.Timedout');
  expect(payload.errorMessage).toMatch(/Task timed out after 0.30 seconds$/);
  await expect.poll(() => isAlive(pid)).toBe(false);
  await invoke(socket, 'only');
  expect(loadedBy()).not.toBe(pid);
});

test('the local Lambda fails the invocation when the module cannot be loaded', async () => {
  const dir = temporaryDirectory();
  const { socket } = await serviceOn(dir, { only: { module: join(dir, 'nowhere.mjs'), timeoutSeconds: 5 } });
  const { error, payload } = await invoke(socket, 'only');
  expect({ error, type: typeof payload.errorType }).toEqual({ error: 'Unhandled', type: 'string' });
  expect(payload.errorMessage).toContain('nowhere.mjs');
});

test('the local Lambda runs concurrent invocations in processes of their own', async () => {
  const dir = temporaryDirectory();
  const body = `writeFileSync(dir + '/here' + event.me, ''); await until(() => existsSync(dir + '/here' + event.other)); return process.pid;`;
  const { socket } = await serviceOn(dir, { only: handler(dir, 'only', body) });
  const both = await Promise.all([
    invoke(socket, 'only', { me: 1, other: 2 }),
    invoke(socket, 'only', { me: 2, other: 1 }),
  ]);
  expect(both.map(({ error }) => error)).toEqual([null, null]);
  expect(new Set(both.map(({ payload }) => payload)).size).toBe(2);
});

test('the local Lambda starts no more processes than allowed, and queues further invocations', async () => {
  const dir = temporaryDirectory();
  const { socket } = await serviceOn(
    dir,
    { only: handler(dir, 'only', 'return { pid: process.pid, count };') },
    { processes: 1 },
  );
  const all = await Promise.all([1, 2, 3, 4].map(() => invoke(socket, 'only')));
  expect(new Set(all.map(({ payload }) => payload.pid)).size).toBe(1);
  expect(all.map(({ payload }) => payload.count).sort()).toEqual([1, 2, 3, 4]);
});

test('the local Lambda writes the output of a function to its log, line by line', async () => {
  const dir = temporaryDirectory();
  const body = `console.log('plain\\nlines'); console.error(JSON.stringify({ level: 'WARN', message: 'own' })); console.log('{half');`;
  const { socket } = await serviceOn(dir, { only: handler(dir, 'only', body) });
  await invoke(socket, 'only');
  const log = () => {
    const path = join(dir, 'data/logs/only.jsonl');
    return existsSync(path) ? lines(path) : [];
  };
  await expect.poll(() => log().length).toBe(4);
  expect(log()).toEqual(
    expect.arrayContaining([
      { level: 'WARN', message: 'own' },
      { timestamp: expect.any(String), message: 'plain' },
      { timestamp: expect.any(String), message: 'lines' },
      { timestamp: expect.any(String), message: '{half' },
    ]),
  );
});

test('the local Lambda retries an event up to twice, until it succeeds', async () => {
  const dir = temporaryDirectory();
  const body = `appendFileSync(dir + '/tries', JSON.stringify({ event, id: context.awsRequestId }) + '\\n'); if (count < 3) throw new Error('not yet');`;
  const service = await serviceOn(dir, { only: handler(dir, 'only', body) });
  expect(await invoke(service.socket, 'only', { a: 1 }, 'Event')).toMatchObject({ status: 202, payload: undefined });
  await expect.poll(() => service.busy).toBe(false);
  const tries = lines(join(dir, 'tries')) as { event: unknown; id: string }[];
  expect(tries.map(({ event }) => event)).toEqual([{ a: 1 }, { a: 1 }, { a: 1 }]);
  expect(new Set(tries.map(({ id }) => id)).size).toBe(1);
  expect(existsSync(join(dir, 'data/dead-letters.jsonl'))).toBe(false);
});

test('the local Lambda keeps an event that fails three times, with its error', async () => {
  const dir = temporaryDirectory();
  const service = await serviceOn(dir, {
    only: handler(dir, 'only', `throw Object.assign(new Error('no'), { name: 'UnknownJob' });`),
  });
  await invoke(service.socket, 'only', { job: 'gone' }, 'Event');
  await expect.poll(() => service.busy).toBe(false);
  expect(lines(join(dir, 'data/dead-letters.jsonl'))).toEqual([
    expect.objectContaining({
      requestContext: expect.objectContaining({ condition: 'RetriesExhausted', approximateInvokeCount: 3 }),
      requestPayload: { job: 'gone' },
      responsePayload: expect.objectContaining({ errorType: 'UnknownJob', errorMessage: 'no' }),
    }),
  ]);
});

test('the local Lambda loses no queued event when the service closes during its invocation', async () => {
  const dir = temporaryDirectory();
  const body = `writeFileSync(dir + '/came', ''); await until(() => existsSync(dir + '/go')); writeFileSync(dir + '/done', '');`;
  const only = handler(dir, 'only', body);
  const first = await serviceOn(dir, { only });
  await invoke(first.socket, 'only', {}, 'Event');
  await expect.poll(() => existsSync(join(dir, 'came'))).toBe(true);
  await first.close();
  expect(existsSync(join(dir, 'done'))).toBe(false);
  const second = await serviceOn(dir, { only: handler(dir, 'only', `writeFileSync(dir + '/done', '');`) });
  await expect.poll(() => second.busy).toBe(false);
  expect(existsSync(join(dir, 'done'))).toBe(true);
});

test('the local Lambda gives handlers a new environment from their next invocation on', async () => {
  const dir = temporaryDirectory();
  const only = handler(dir, 'only', 'return { key: process.env.KEY, stage: process.env.NIGHTSHIFT_STAGE };');
  const service = await serviceOn(dir, { only }, { env: { KEY: 'old' } });
  expect((await invoke(service.socket, 'only')).payload).toEqual({ key: 'old', stage: 'local' });
  service.reset({ KEY: 'new' });
  expect((await invoke(service.socket, 'only')).payload).toEqual({ key: 'new', stage: 'local' });
});

test('the local Lambda refuses unknown operations', async () => {
  const { socket } = await serviceOn(temporaryDirectory(), {});
  expect(await invoke(socket, 'missing')).toMatchObject({
    status: 404,
    payload: { __type: 'ResourceNotFoundException' },
  });
  for (const name of ['AWSEvents.PutEvents', 'AWSStepFunctions.Fly', '']) {
    const { status, body } = await ask(socket, {
      method: 'POST',
      path: '/',
      headers: { 'x-amz-target': name },
      body: '{}',
    });
    expect(status).toBe(400);
    expect(JSON.parse(body)).toMatchObject({ __type: 'UnknownOperationException' });
  }
});
