import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { expect, test } from 'vitest';
import { parseDefinition, runMachine } from '../../infra/local/step-functions/machine.ts';
import { handler, invoke, lines, machine, oneTask, serviceOn } from '../kit/local-service.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';

const asl = readFileSync(new URL('../../infra/run.asl.json', import.meta.url), 'utf8');
const zero = { runId: 'j_20261122T070000Z', attempt: 1, spent: null, note: null, version: 0 };
const input = { notBefore: '2026-11-22T07:00:00Z', first: zero };
/** The waits of the real definition, without real time. */
const overrides = {
  waitTimeOverrides: { Spread: 0, Backoff: 0 },
  retryIntervalOverrides: { Attempt: 0, Triage: 0, Settle: 0 },
};

test('the local Step Functions run the real state machine: a crash, a retry, a continuation, an end', async () => {
  const dir = temporaryDirectory();
  const tell = (name: string, then: string) =>
    handler(dir, name, `appendFileSync(dir + '/told', JSON.stringify(['${name}', event]) + '\\n'); ${then}`);
  const service = await serviceOn(
    dir,
    {
      attempt: tell(
        'attempt',
        `if (event.attempt === 1) throw Object.assign(new Error('bang'), { name: 'OutOfLuck' });
         return event.version === 0 ? { status: 'continue', version: 7 } : { status: 'done' };`,
      ),
      triage: tell(
        'triage',
        `return { status: 'retry', delaySeconds: 0, attempt: 2, spent: { usd: 1 }, note: 'again' };`,
      ),
      settle: tell('settle', `return { status: 'succeeded' };`),
    },
    { definition: asl, overrides },
  );
  const { start, ended } = machine(service);
  const { executionArn } = await start('run', input);
  expect((await ended(executionArn)).status).toBe('SUCCEEDED');
  const told = lines(join(dir, 'told')) as [string, Record<string, { Error?: string; Cause?: string }>][];
  expect(told.map(([name]) => name)).toEqual(['attempt', 'triage', 'attempt', 'attempt', 'settle']);
  const [first, triage, second, third] = told.map(([, event]) => event);
  expect(first).toEqual(zero);
  expect(triage?.result?.Error).toBe('OutOfLuck');
  expect(JSON.parse(triage?.result?.Cause ?? '')).toMatchObject({ errorType: 'OutOfLuck', errorMessage: 'bang' });
  expect(second).toEqual({ runId: zero.runId, attempt: 2, spent: { usd: 1 }, note: 'again', version: 0 });
  expect(third).toEqual({ ...second, version: 7 });
});

test('the local Step Functions end a failed run as FAILED with its failure, and send the event of EventBridge', async () => {
  const dir = temporaryDirectory();
  const service = await serviceOn(
    dir,
    {
      attempt: handler(dir, 'attempt', `return { status: 'failed', failure: 'Unauthorized' };`),
      triage: handler(dir, 'triage', `return { status: 'give-up' };`),
      settle: handler(
        dir,
        'settle',
        `if (event.source) return writeFileSync(dir + '/event.json', JSON.stringify(event));
         return { status: 'failed', failure: 'Unauthorized', message: 'no key' };`,
      ),
    },
    { definition: asl, statusFunction: 'settle' },
  );
  const { start, ended } = machine(service);
  const { executionArn } = await start('run', input);
  expect(await ended(executionArn)).toMatchObject({ status: 'FAILED', error: 'Unauthorized', cause: 'no key' });
  await expect.poll(() => service.busy).toBe(false);
  expect(JSON.parse(readFileSync(join(dir, 'event.json'), 'utf8'))).toMatchObject({
    'detail-type': 'Step Functions Execution Status Change',
    source: 'aws.states',
    resources: [executionArn],
    detail: {
      executionArn,
      stateMachineArn: service.env.NIGHTSHIFT_STATE_MACHINE_ARN,
      name: 'run',
      status: 'FAILED',
      startDate: expect.any(Number),
      stopDate: expect.any(Number),
      input: JSON.stringify(input),
    },
  });
});

test('the local Step Functions return a running execution for the same name and input, and refuse any other reuse of the name', async () => {
  const dir = temporaryDirectory();
  const only = handler(dir, 'only', `await until(() => existsSync(dir + '/go')); return count;`);
  const service = await serviceOn(dir, { only }, { definition: oneTask() });
  const { start, ended } = machine(service);
  const first = await start('run', { a: 1 });
  const again = await start('run', { a: 1 });
  expect({ arn: again.executionArn, at: again.startDate }).toEqual({ arn: first.executionArn, at: first.startDate });
  await expect(start('run', { a: 2 })).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
  writeFileSync(join(dir, 'go'), '');
  expect(await ended(first.executionArn)).toMatchObject({ status: 'SUCCEEDED', output: '1' });
  await expect(start('run', { a: 1 })).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
});

test('the local Step Functions refuse the requests that Step Functions refuses', async () => {
  const service = await serviceOn(temporaryDirectory(), {});
  const { start, client: states } = machine(service);
  await expect(start('a:colon')).rejects.toMatchObject({ name: 'InvalidName' });
  await expect(start('x'.repeat(81))).rejects.toMatchObject({ name: 'InvalidName' });
  const missing = `${service.env.NIGHTSHIFT_STATE_MACHINE_ARN?.replace('stateMachine', 'execution')}:missing`;
  const describe = new DescribeExecutionCommand({ executionArn: missing });
  await expect(states.send(describe)).rejects.toMatchObject({ name: 'ExecutionDoesNotExist' });
  const stop = new StopExecutionCommand({ executionArn: missing });
  await expect(states.send(stop)).rejects.toMatchObject({ name: 'ExecutionDoesNotExist' });
  const other = machine({
    socket: service.socket,
    env: { NIGHTSHIFT_STATE_MACHINE_ARN: 'arn:aws:states:x:1:stateMachine:other' },
  });
  await expect(other.start('run')).rejects.toMatchObject({ name: 'StateMachineDoesNotExist' });
});

test('the local Step Functions stop an execution for good: they invoke nothing of it again, whatever its Retry says', async () => {
  const dir = temporaryDirectory();
  const only = handler(
    dir,
    'only',
    `if (event.source) return writeFileSync(dir + '/event', event.detail.status);
     appendFileSync(dir + '/calls', '1\\n'); await until(() => existsSync(dir + '/go')); throw new Error('late');`,
  );
  const definition = oneTask({ Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: 3 }] });
  const retries = { retryIntervalOverrides: { Only: 0 } };
  // With one process, invocations run one after another.
  const options = { definition, statusFunction: 'only', overrides: retries, processes: 1 };
  const service = await serviceOn(dir, { only }, options);
  const { start, ended, client: states } = machine(service);
  const { executionArn } = await start('run');
  await expect.poll(() => existsSync(join(dir, 'calls'))).toBe(true);
  await states.send(new StopExecutionCommand({ executionArn, error: 'Enough', cause: 'asked to' }));
  expect(await ended(executionArn)).toMatchObject({ status: 'ABORTED', error: 'Enough', cause: 'asked to' });
  writeFileSync(join(dir, 'go'), '');
  await expect.poll(() => service.busy).toBe(false);
  expect(readFileSync(join(dir, 'event'), 'utf8')).toBe('ABORTED');
  await invoke(service.socket, 'only', { source: 'test', detail: { status: 'last in line' } });
  expect(lines(join(dir, 'calls'))).toEqual([1]);
});

test('the local Step Functions stop an execution in a Wait state at once and never enter the state after it', async () => {
  const dir = temporaryDirectory();
  const only = handler(dir, 'only', `appendFileSync(dir + '/calls', JSON.stringify(event.run) + '\\n'); return 1;`);
  const definition = JSON.stringify({
    StartAt: 'Pause',
    States: {
      Pause: { Type: 'Wait', Seconds: 3, Next: 'Only' },
      Only: { Type: 'Task', Resource: '${OnlyArn}', End: true },
    },
  });
  const service = await serviceOn(dir, { only }, { definition });
  const { start, ended, client: states } = machine(service);
  const { executionArn } = await start('stopped', { run: 'stopped' });
  await states.send(new StopExecutionCommand({ executionArn, error: 'Enough' }));
  expect(await ended(executionArn)).toMatchObject({ status: 'ABORTED', error: 'Enough' });
  // The wait of the second execution ends after that of the first would have ended.
  const second = await start('second', { run: 'second' });
  await expect.poll(() => existsSync(join(dir, 'calls')), { timeout: 60_000 }).toBe(true);
  expect((await ended(second.executionArn)).status).toBe('SUCCEEDED');
  expect(lines(join(dir, 'calls'))).toEqual(['second']);
});

test('the local Step Functions stop an execution of an earlier service before resume, and then do not resume it', async () => {
  const dir = temporaryDirectory();
  const only = handler(dir, 'only', `appendFileSync(dir + '/calls', '1\\n'); await until(() => event.last); return 1;`);
  const before = await serviceOn(dir, { only }, { definition: oneTask() });
  const { executionArn } = await machine(before).start('run');
  await expect.poll(() => existsSync(join(dir, 'calls'))).toBe(true);
  await before.close();
  const after = await serviceOn(dir, { only }, { definition: oneTask(), resume: false, processes: 1 });
  const { ended, client: states } = machine(after);
  await states.send(new StopExecutionCommand({ executionArn, error: 'Enough' }));
  expect(await ended(executionArn)).toMatchObject({ status: 'ABORTED', error: 'Enough' });
  after.resume();
  // With one process all invocations run one after another.
  await invoke(after.socket, 'only', { last: true });
  expect(lines(join(dir, 'calls'))).toEqual([1, 1]);
});

test('the local Step Functions time out a task as States.Timeout and an execution as TIMED_OUT', async () => {
  const dir = temporaryDirectory();
  const slow = handler(dir, 'only', 'await until(() => false);');
  const task = await serviceOn(join(dir, 'task'), { only: slow }, { definition: oneTask({ TimeoutSeconds: 1 }) });
  const run = await serviceOn(join(dir, 'run'), { only: slow }, { definition: oneTask({}, { TimeoutSeconds: 1 }) });
  const [one, two] = [machine(task), machine(run)];
  const [a, b] = [await one.start('run'), await two.start('run')];
  expect(await one.ended(a.executionArn)).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  expect((await two.ended(b.executionArn)).status).toBe('TIMED_OUT');
});

test('the local Step Functions retry a task by the definition, and never catch too much data', async () => {
  const dir = temporaryDirectory();
  const only = handler(
    dir,
    'only',
    `if (event.big) return 'x'.repeat(262_143); if (count < 3) throw new Error('no'); return count;`,
  );
  const definition = oneTask({
    Retry: [{ ErrorEquals: ['Error'], MaxAttempts: 2, JitterStrategy: 'FULL', MaxDelaySeconds: 1 }],
    Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Only' }],
  });
  const service = await serviceOn(dir, { only }, { definition, overrides: { retryIntervalOverrides: { Only: 0 } } });
  const { start, ended } = machine(service);
  expect(await ended((await start('small')).executionArn)).toMatchObject({ status: 'SUCCEEDED', output: '3' });
  const big = await ended((await start('big', { big: true })).executionArn);
  expect(big).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
});

test('the local Step Functions record a state before its task starts', async () => {
  const text = JSON.stringify({
    StartAt: 'First',
    States: {
      First: { Type: 'Pass', Result: { a: 1 }, Next: 'Only' },
      Only: { Type: 'Task', Resource: 'arn:aws:lambda:eu-west-1:000000000000:function:only', End: true },
    },
  });
  const seen: unknown[] = [];
  const { end } = runMachine(
    parseDefinition(text, {}),
    { state: 'First', input: {}, timeoutSeconds: undefined },
    {
      entered: (state, input) => seen.push([state, input]),
      invoke: async (name, event) => {
        seen.push(`${name} ${event}`);
        return { ok: true, payload: 'true' };
      },
      overrides: {},
    },
  );
  expect(await end).toEqual({ status: 'SUCCEEDED', output: 'true' });
  expect(seen).toEqual([['First', {}], ['Only', { a: 1 }], 'only {"a":1}']);
});
