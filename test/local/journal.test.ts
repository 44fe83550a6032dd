import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { expect, onTestFinished, test } from 'vitest';
import { openJournal } from '../../infra/local/step-functions/journal.ts';
import { clientOptions, handler, lines, machine, oneTask, serviceOn } from '../kit/local-service.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';

const asl = readFileSync(new URL('../../infra/run.asl.json', import.meta.url), 'utf8');
const zero = { runId: 'j_20261122T070000Z', attempt: 1, spent: null, note: null, version: 0 };
const input = { notBefore: '2026-11-22T07:00:00Z', first: zero };
/** The waits of the real definition, without real time. */
const overrides = {
  waitTimeOverrides: { Spread: 0, Backoff: 0 },
  retryIntervalOverrides: { Attempt: 0, Triage: 0, Settle: 0 },
};

const client = (socket: string) => {
  const made = DynamoDBDocumentClient.from(new DynamoDBClient(clientOptions(socket)));
  onTestFinished(() => made.destroy());
  return made;
};

test('the local service continues an execution from its last state after a restart', async () => {
  const dir = temporaryDirectory();
  const told = (then: string) => `appendFileSync(dir + '/told', JSON.stringify(event) + '\\n'); ${then}`;
  const attempt = handler(
    dir,
    'attempt',
    told(`if (event.attempt === 2) await until(() => false); return { status: 'failed' };`),
  );
  const triage = handler(
    dir,
    'triage',
    `return { status: 'retry', delaySeconds: 0, attempt: 2, spent: 5, note: null };`,
  );
  const settle = handler(dir, 'settle', `return { status: 'succeeded' };`);
  const options = { definition: asl, overrides };
  const first = await serviceOn(dir, { attempt, triage, settle }, options);
  const { executionArn, startDate } = await machine(first).start('run', input);
  await expect.poll(() => existsSync(join(dir, 'told')) && lines(join(dir, 'told')).length).toBe(2);
  await first.close();

  const healed = { attempt: handler(dir, 'attempt', told(`return { status: 'done' };`)), triage, settle };
  const second = machine(await serviceOn(dir, healed, options));
  expect(await second.ended(executionArn)).toMatchObject({
    status: 'SUCCEEDED',
    startDate,
    input: JSON.stringify(input),
  });
  const again = { ...zero, attempt: 2, spent: 5 };
  expect(lines(join(dir, 'told'))).toEqual([zero, again, again]);
});

test('the local service sends the end event that an earlier process recorded but did not send', async () => {
  const dir = temporaryDirectory();
  const ended = { input: '{}', status: 'FAILED', startedAt: 1, stoppedAt: 2 } as const;
  const journal = openJournal(join(dir, 'data'), () => {});
  journal.write({ ...ended, name: 'unsent', announced: false });
  journal.write({ ...ended, name: 'sent', announced: true });
  const only = handler(dir, 'only', `appendFileSync(dir + '/told', JSON.stringify(event.detail.name) + '\\n');`);
  for (const _ of ['start', 'start again']) {
    const service = await serviceOn(dir, { only }, { statusFunction: 'only' });
    await expect.poll(() => service.busy).toBe(false);
    await service.close();
  }
  expect(lines(join(dir, 'told'))).toEqual(['unsent']);
});

test('the local service sets invalid executions and events aside, reports them, and continues the others', async () => {
  const dir = temporaryDirectory();
  const [executions, queue] = [join(dir, 'data/executions'), join(dir, 'data/queue')];
  for (const path of [executions, queue]) mkdirSync(path, { recursive: true });
  writeFileSync(join(executions, 'empty.json'), '');
  writeFileSync(join(executions, 'old.json'), '{"name":"old"}');
  writeFileSync(join(queue, 'half.json'), '{"id":');
  const good = { name: 'good', input: '{}', status: 'RUNNING', startedAt: Date.now(), announced: false };
  writeFileSync(join(executions, 'good.json'), JSON.stringify(good));
  const told: unknown[] = [];
  const service = await serviceOn(dir, {}, { report: (error) => told.push(error) });
  await machine(service).ended('arn:aws:states:eu-west-1:000000000000:execution:nightshift-local:good');
  expect(readdirSync(executions).sort()).toEqual(['empty.json.bad', 'good.json', 'old.json.bad']);
  expect(readdirSync(queue)).toEqual(['half.json.bad']);
  expect(told.sort()).toEqual(['empty', 'old', 'half'].map((name) => expect.stringContaining(`${name}.json.bad`)));
  writeFileSync(join(executions, 'later.json'), '[]');
  await expect(machine(service).start('later')).resolves.toMatchObject({ startDate: expect.any(Date) });
});

test('the local service fails a resumed execution whose state is no longer in the definition', async () => {
  const dir = temporaryDirectory();
  const only = handler(dir, 'only', 'await until(() => false);');
  const first = await serviceOn(dir, { only }, { definition: oneTask() });
  const { executionArn } = await machine(first).start('run');
  await first.close();
  const second = machine(await serviceOn(dir, {}));
  expect(await second.ended(executionArn)).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
});

test('the local service lets exactly one of many conditional puts through', async () => {
  const { socket, env } = await serviceOn(temporaryDirectory(), {});
  const table = client(socket);
  const put = (by: number) =>
    table.send(
      new PutCommand({
        TableName: env.NIGHTSHIFT_TABLE,
        Item: { pk: 'one', by },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    );
  const ends = await Promise.allSettled(Array.from({ length: 20 }, (_, by) => put(by)));
  const lost = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason.name] : []));
  expect(lost).toEqual(Array(19).fill('ConditionalCheckFailedException'));
});

test('the local service keeps its table and executions over a restart', async () => {
  const dir = temporaryDirectory();
  const definition = JSON.stringify({ StartAt: 'Done', States: { Done: { Type: 'Succeed' } } });
  const first = await serviceOn(dir, {}, { definition });
  await client(first.socket).send(new PutCommand({ TableName: first.env.NIGHTSHIFT_TABLE, Item: { pk: 'kept' } }));
  const { executionArn } = await machine(first).start('run', { a: 1 });
  await machine(first).ended(executionArn);
  await first.close();
  const second = await serviceOn(dir, {}, { definition });
  const { Items } = await client(second.socket).send(new ScanCommand({ TableName: second.env.NIGHTSHIFT_TABLE }));
  expect(Items).toEqual([{ pk: 'kept' }]);
  expect(await machine(second).ended(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: '{"a":1}' });
  await expect(machine(second).start('run', { a: 1 })).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
});

test('the local service allows one process per data directory', async () => {
  const dir = temporaryDirectory();
  const first = await serviceOn(dir, {});
  await expect(serviceOn(dir, {})).rejects.toMatchObject({ name: 'StoreUnavailable' });
  await first.close();
  await expect(serviceOn(dir, {})).resolves.toMatchObject({ busy: false });
});
