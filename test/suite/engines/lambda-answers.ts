import { CreateScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { expect, test } from 'vitest';
import { functionArn, scheduleGroup, scheduleRoleArn } from '../../../infra/local/arn.ts';
import { functionNames } from '../../../infra/package/build.ts';
import { firstInput } from '../../../lib/run/execution.ts';
import { sessionKey } from '../../../lib/run/session.ts';
import { roleCredentials } from './lambda-sandbox.ts';
import { delivery, look, openStage, type World } from './lambda-stage.ts';
import { logLines } from './log-lines.ts';

/** Tests of the packaged functions' answers to Lambda and of their output. */
export const answerCases = (given: () => World) => {
  test('run a slot to its outcome: dispatch, attempt, triage, another attempt, settle', async () => {
    expect(process.version).toMatch(/^v24\./);
    const reply = [look, { error: 529 }, look, { text: 'Done.' }];
    const { ended, invoked, lambda, model, printed, stores } = await openStage(given(), { reply });
    const { event, id } = delivery();
    const dispatched = await lambda.dispatch.invoke(event);
    expect(dispatched).toMatchObject({ ok: true, payload: { status: 'started', run: id } });
    expect((await ended(id)).outcome).toMatchObject({ status: 'succeeded', attempts: 2, steps: 2 });
    expect(invoked.map(({ name, result }) => [name, result.ok && Object(result.payload).status])).toEqual([
      ['attempt', 'failed'],
      ['triage', 'retry'],
      ['attempt', 'done'],
      ['settle', 'succeeded'],
    ]);
    expect(model.requests.map(({ answered }) => answered)).toEqual(['message', 'error 529', 'message', 'message']);
    expect(model.requests[2]?.raw).toBe(model.requests[0]?.raw);
    expect(await stores.sessions.load(sessionKey(id, 2))).toHaveLength(2);

    const lines = Object.fromEntries(functionNames.map((name) => [name, logLines(printed(name))] as const));
    const said = Object.entries(lines).flatMap(([name, { logs }]) => logs.map(({ message }) => `${name}: ${message}`));
    expect(said).toEqual([
      'dispatch: run recorded',
      'attempt: step committed',
      'attempt: attempt failing',
      'attempt: step committed',
      'attempt: step committed',
      'triage: attempt failed',
      'settle: run settled',
    ]);
    for (const { logs } of Object.values(lines))
      for (const log of logs) expect(log).toMatchObject({ job: 'report', run: id });
    const metrics = Object.values(lines).flatMap(({ metrics: all }) => all.flatMap((line) => Object.keys(line)));
    for (const name of [
      'RunStarted',
      'DispatchDelay',
      'StepDuration',
      'AttemptFailed',
      'RunSucceeded',
      'Tokens',
      'CostUSD',
    ])
      expect(metrics).toContain(name);
    expect(Object.values(lines).flatMap(({ thrown }) => thrown)).toEqual([]);
    expect(functionNames.flatMap(printed).join('\n')).not.toMatch(/plover|test-key/);
  });

  test('answer a second event in the same process without state of the first', async () => {
    const { ended, invoked, lambda, model, printed } = await openStage(given(), {
      reply: [look, { text: 'First.' }, look, { text: 'Second.' }],
    });
    const [first, second] = [delivery(), delivery()];
    const pids = [];
    for (const { event, id } of [first, second]) {
      pids.push((await lambda.dispatch.invoke(event)).pid);
      expect((await ended(id)).outcome).toMatchObject({ status: 'succeeded', attempts: 1, steps: 2 });
    }
    expect(pids[0]).toBe(pids[1]);
    for (const name of ['attempt', 'settle'])
      expect(new Set(invoked.flatMap((one) => (one.name === name ? [one.result.pid] : []))).size, name).toBe(1);
    expect(model.requests[2]?.raw).toBe(model.requests[0]?.raw);
    const { logs } = logLines(printed('attempt'));
    expect(logs.map(({ run, step, cold_start: cold }) => [run, step, cold])).toEqual([
      [first.id, 1, true],
      [first.id, 2, true],
      [second.id, 1, false],
      [second.id, 2, false],
    ]);
  });

  test('use a changed key of Parameter Store at once', async () => {
    const { ended, invoked, lambda, model } = await openStage(given(), { reply: () => ({ text: 'Fine.' }) });
    const outcomes = [];
    for (const key of [model.key, 'another-key', model.key]) {
      await given().putKey(key);
      const { event, id } = delivery();
      await lambda.dispatch.invoke(event);
      const { outcome } = await ended(id);
      outcomes.push(outcome?.status === 'failed' ? outcome.failure : outcome?.status);
    }
    expect(outcomes).toEqual(['succeeded', 'Unauthorized', 'succeeded']);
    expect(new Set(invoked.flatMap(({ name, result }) => (name === 'attempt' ? [result.pid] : []))).size).toBe(1);
  });

  test('check the jobs each time the watchman is woken, in one process', async () => {
    const { lambda, printed, serviceUrl, stores } = await openStage(given());
    const woken = { 'detail-type': 'Scheduled Event', source: 'aws.events', resources: [], detail: {} };
    const first = await lambda.watchman.invoke(woken);
    expect(first).toMatchObject({ ok: true, payload: { report: { drift: ['the schedule is missing'], mended: [] } } });
    expect(await stores.checkpoints.get('report')).toMatchObject({ driftSince: expect.any(String) });
    const scheduler = new SchedulerClient({ endpoint: serviceUrl, region: 'eu-west-1', credentials: roleCredentials });
    const Target = { Arn: functionArn('dispatch'), RoleArn: scheduleRoleArn };
    const place = { Name: 'report', GroupName: scheduleGroup, FlexibleTimeWindow: { Mode: 'OFF' as const } };
    const due = { ScheduleExpression: 'cron(0 7 * * ? *)', ScheduleExpressionTimezone: 'Europe/Amsterdam' };
    await scheduler.send(new CreateScheduleCommand({ ...place, ...due, Target }));
    scheduler.destroy();
    const second = await lambda.watchman.invoke(woken);
    expect(second).toMatchObject({ ok: true, pid: first.pid, payload: { report: { drift: [], started: [] } } });
    const { logs, metrics } = logLines(printed('watchman'));
    const said = logs.filter(({ job }) => job === 'report').map(({ message, drift }) => [message, drift]);
    expect(said).toEqual([['watchman found', ['the schedule is missing']]]);
    const counted = metrics.flatMap((line) => Object.keys(line)).filter((name) => name === 'WatchmanLooked');
    expect(counted).toHaveLength(2);
  });

  test.each(functionNames)('%s refuses a malformed event by name and keeps its process', async (name) => {
    const { lambda, printed } = await openStage(given());
    // What wakes the watchman may be any object.
    const objects = name === 'watchman' ? [7, true] : [{ runId: 7, job: 'report', slot: 'soon' }, { colour: 'red' }];
    const events = [...objects, null, 'text', []];
    const pids = [];
    for (const event of events) {
      const result = await lambda[name].invoke(event);
      pids.push(result.pid);
      expect(result).toMatchObject({ ok: false, error: { errorType: 'InvalidEvent' } });
      expect(result).toHaveProperty('error.errorMessage', expect.stringContaining('event'));
    }
    expect(new Set(pids).size).toBe(1);
    const { logs, thrown } = logLines(printed(name));
    expect(logs.map(({ message, failure }) => [message, failure])).toEqual(
      events.map(() => ['invocation failed', 'InvalidEvent']),
    );
    const told = name === 'watchman' ? undefined : 'report';
    expect(logs.map(({ job }) => job)).toEqual([told, undefined, undefined, undefined, undefined]);
    expect(thrown).toHaveLength(events.length);
  });

  test('report each failure to Lambda by its literal name despite the minifier', async () => {
    const { lambda, model } = await openStage(given());
    const gone = firstInput(delivery().id);
    const result = { Error: 'Sandbox.Timedout' };
    const events = [
      ['dispatch', { job: 'nobody', slot: '2026-11-22T07:00:00Z' }, 'UnknownJob'],
      ['dispatch', { job: 'report', slot: '2199-01-01T00:00:00Z' }, 'InvalidSlot'],
      ['triage', { ...gone, result }, 'UnknownRun'],
      [
        'settle',
        { ...gone, result: { status: 'give-up', failure: 'Crash', message: '', spent: gone.spent } },
        'UnknownRun',
      ],
    ] as const;
    for (const [name, event, errorType] of events) {
      const told = await lambda[name].invoke(event);
      expect(told).toMatchObject({ ok: false, error: { errorType, trace: expect.arrayContaining([]) } });
    }
    expect(await lambda.attempt.invoke(gone)).toMatchObject({ payload: { status: 'failed', failure: 'UnknownRun' } });
    expect(model.requests).toEqual([]);
    const elsewhere = await openStage(given(), { env: { NIGHTSHIFT_TABLE: 'not-there' } });
    expect(await elsewhere.lambda.triage.invoke({ ...gone, result })).toMatchObject({
      error: { errorType: 'TableMissing' },
    });
  });

  test.each(functionNames)('%s reports a missing setting by name at every start', async (name) => {
    const { lambda } = await openStage(given(), { env: { NIGHTSHIFT_TABLE: undefined } });
    const told = [await lambda[name].invoke({}), await lambda[name].invoke({})];
    for (const one of told)
      expect(one).toMatchObject({
        ok: false,
        error: {
          errorType: 'InvalidEvent',
          type: 'InvalidEvent',
          errorMessage: expect.stringContaining('NIGHTSHIFT_TABLE'),
        },
      });
    expect(told[0]?.pid).not.toBe(told[1]?.pid);
  });
};
