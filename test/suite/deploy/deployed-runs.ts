import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { expect, it } from 'vitest';
import { statusEvent } from '../../../infra/local/step-functions/status-event.ts';
import { sessionKey } from '../../../lib/run/session.ts';
import { ask, logged, scheduler } from './aws-request.ts';
import { runOf, slotAgo } from './deployed-stage.ts';
import { region } from './emulated-cloud.ts';
import type { Deployed } from './test-stage.ts';

const look = {
  text: 'Let me look.',
  calls: [
    { name: 'list_runs', input: { days: 1 } },
    { name: 'previous_result', input: {} },
  ],
};
const rule = 'nightshift-test-dead-executions';
const machineArn = `arn:aws:states:${region}:000000000000:stateMachine:nightshift-test`;
const deadLetters = 'nightshift-test-dead-letters';
const jobsElsewhere = ['elsewhere', 'eu-bedrock', 'own-bedrock'];

/** What a queue holds, as text, and goes on holding. */
const received = async (url: string, QueueName: string): Promise<string> => {
  const queue = await ask(url, 'sqs', 'GetQueueUrl', { QueueName });
  const asked = { ...queue, MaxNumberOfMessages: 10, VisibilityTimeout: 0 };
  return String(
    Object(await ask(url, 'sqs', 'ReceiveMessage', asked)).Messages?.map(({ Body }: { Body: string }) => Body),
  );
};

/** What a deployed stage does with the slots of its schedules. */
export const runs = (at: () => Deployed): void => {
  it('carries a slot from its schedule to its outcome, over an empty reply, and retries from a clean prompt', async () => {
    const { stage, claude, replies } = at();
    replies.push(look, {}, look, { text: 'All quiet.' });
    const run = await stage.ended(await stage.fire('report', slotAgo(60)));
    expect(run.outcome).toMatchObject({ status: 'succeeded', attempts: 2, steps: 2 });
    expect(claude.requests.map(({ answered, headers }) => [answered, headers['x-api-key']])).toEqual(
      Array(4).fill(['message', claude.key]),
    );
    expect(claude.requests[2]?.raw).toBe(claude.requests[0]?.raw);
    expect(claude.requests[0]?.raw).not.toContain('Let me look');
    const attempts = await stage.stores.attempts.list(run.id);
    expect(attempts.map(({ failed }) => failed?.failure)).toEqual(['EmptyReply', undefined]);
    const sessions = await Promise.all([1, 2].map((n) => stage.stores.sessions.load(sessionKey(run.id, n))));
    expect(sessions.map((steps) => steps.length)).toEqual([1, 2]);
  });

  it('starts one run however often, and however much at once, a slot is delivered', async () => {
    const { cloud, stage, claude, replies } = at();
    const slot = slotAgo(45);
    const asked = claude.requests.length;
    const handled = async () =>
      (await logged(cloud.url, 'nightshift-test-dispatch')).match(/^END RequestId/gm)?.length ?? 0;
    const before = await handled();
    replies.push({ text: 'Once.' });
    await Promise.all([stage.fire('report', slot), stage.fire('report', slot)]);
    expect((await stage.ended(runOf('report', slot))).outcome).toMatchObject({ status: 'succeeded' });
    await stage.fire('report', slot);
    await expect.poll(handled, { timeout: 20_000 }).toBe(before + 3);
    const found = await stage.stores.runs.byJob('report', { limit: 10 });
    expect(found.filter((run) => run.slot === slot)).toMatchObject([{ outcome: { status: 'succeeded', attempts: 1 } }]);
    expect(claude.requests).toHaveLength(asked + 1);
  });

  it('asks each provider, with a key from where the stage keeps it', async () => {
    const { stage, other } = at();
    const fired = await Promise.all(jobsElsewhere.map((job) => stage.fire(job, slotAgo(40))));
    const [elsewhere, ...bedrock] = await Promise.all(fired.map((id) => stage.ended(id)));
    expect(elsewhere?.outcome).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect(other.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer sk-of-the-other']);
    // Where MiniStack's IAM differs from AWS's: it asks for an action `bedrock:Converse`, which AWS calls bedrock:InvokeModel.
    for (const { outcome } of bedrock) {
      const message = expect.stringContaining('not authorized to perform: bedrock:Converse');
      expect(outcome).toMatchObject({ status: 'failed', failure: 'Unauthorized', message, attempts: 1 });
    }
  });

  it('settles the run of an execution that is aborted, by its rule', async () => {
    const { stage, claude, replies } = at();
    const asked = claude.requests.length;
    replies.push({ text: 'Let me look.', calls: look.calls }, { broken: 'hang' });
    const id = await stage.fire('report', slotAgo(30));
    await claude.received(asked + 2);
    const executionArn = `${machineArn.replace(':stateMachine:', ':execution:')}:${id}`;
    await stage.machine.send(new StopExecutionCommand({ executionArn }));
    const { outcome } = await stage.ended(id);
    expect(outcome).toMatchObject({ status: 'failed', failure: 'ExecutionAborted', attempts: 1 });
    expect(outcome?.usage.inputTokens).toBeGreaterThan(0);
  });

  it('has a rule for executions of its own that died, and for no others', async () => {
    const { cloud } = at();
    const { EventPattern } = await ask(cloud.url, 'events', 'DescribeRule', { Name: rule });
    const execution = { name: 'x', input: '{}', startedAt: 1, stoppedAt: 2 };
    const matched = async (status: 'FAILED' | 'TIMED_OUT' | 'ABORTED' | 'SUCCEEDED', stateMachineArn = machineArn) => {
      const event = statusEvent({ ...execution, status } as Parameters<typeof statusEvent>[0]);
      const Event = JSON.stringify({ ...event, detail: { ...event.detail, stateMachineArn } });
      return (await ask(cloud.url, 'events', 'TestEventPattern', { EventPattern, Event })).Result;
    };
    const died = ['FAILED', 'TIMED_OUT', 'ABORTED'] as const;
    expect(await Promise.all(died.map((status) => matched(status)))).toEqual([true, true, true]);
    expect(await matched('SUCCEEDED')).toBe(false);
    expect(await matched('FAILED', `${machineArn}-of-others`)).toBe(false);
  });

  it('keeps an event that cannot be handled in the dead letters', async () => {
    const { cloud, stage } = at();
    await stage.fire('report', 'yesterday');
    const kept = () => received(cloud.url, deadLetters);
    await expect.poll(kept, { timeout: 60_000 }).toContain('event: slot: must be an instant like');
    expect(await kept()).toContain('"requestPayload": {"job": "report", "slot": "yesterday"}');
    // Where MiniStack differs from AWS: it knows no failure by its name, which is InvalidEvent.
    expect(await kept()).toContain('"errorType": "Runtime.HandlerError"');
  });

  it('is not fired by MiniStack itself: its ticker fills in no slot', async () => {
    const { cloud, stage } = at();
    const { Target } = await stage.schedule('report');
    await ask(cloud.url, 'sqs', 'CreateQueue', { QueueName: 'ticked' });
    await scheduler(cloud.url, 'POST', '/schedules/ticked', {
      ScheduleExpression: 'at(2026-01-01T00:00:00)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { ...Target, Arn: `arn:aws:sqs:${region}:000000000000:ticked` },
    });
    const ticked = () => received(cloud.url, 'ticked');
    await expect.poll(ticked, { timeout: 60_000, interval: 500 }).toContain('<aws.scheduler.scheduled-time>');
  });

  it('is listed, shown and started by the commands, as a user would', async () => {
    const { service, replies } = at();
    const listed = await service.nightshift('runs', '--json');
    expect(listed).toMatchObject({ code: 0, stderr: '' });
    expect(listed.stdout).toContain('"ExecutionAborted"');
    const table = await service.nightshift('runs', '--job', 'report');
    expect(table.stdout).toMatch(/report_\d{8}T\d{6}Z/);
    replies.push(look, { error: 529 }, look, { text: 'By hand.' });
    const ran = await service.nightshift('run', 'report');
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining('By hand.') });
    expect(ran.stdout).toContain('✗ ModelUnavailable');
    const [, id = ''] = /-- show (\S+) --stage test/.exec(ran.stdout) ?? [];
    const shown = await service.nightshift('show', id);
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining('Write the report of') });
    expect((await service.nightshift('show', 'report_20200101T000000Z')).code).toBe(2);
  });
};
