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

/** The messages in a queue as text. They stay in the queue. */
const received = async (url: string, QueueName: string): Promise<string> => {
  const queue = await ask(url, 'sqs', 'GetQueueUrl', { QueueName });
  const asked = { ...queue, MaxNumberOfMessages: 10, VisibilityTimeout: 0 };
  return String(
    Object(await ask(url, 'sqs', 'ReceiveMessage', asked)).Messages?.map(({ Body }: { Body: string }) => Body),
  );
};

/** Tests of the slots of deployed schedules. */
export const runs = (at: () => Deployed): void => {
  it('carry a slot from its schedule to its outcome and retry an empty reply from a clean prompt', async () => {
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

  it('start once when a slot is delivered repeatedly and concurrently', async () => {
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

  it('ask each provider with its key from Secrets Manager, Parameter Store or the role', async () => {
    const { stage, other } = at();
    const fired = await Promise.all(jobsElsewhere.map((job) => stage.fire(job, slotAgo(40))));
    const [elsewhere, ...bedrock] = await Promise.all(fired.map((id) => stage.ended(id)));
    expect(elsewhere?.outcome).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect(other.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer sk-of-the-other']);
    // Where MiniStack's IAM differs from AWS's: it asks for an action `bedrock:Converse…`, which AWS calls bedrock:InvokeModelWithResponseStream.
    for (const { outcome } of bedrock) {
      const message = expect.stringContaining('not authorized to perform: bedrock:Converse');
      expect(outcome).toMatchObject({ status: 'failed', failure: 'Unauthorized', message, attempts: 1 });
    }
  });

  it('are settled by the rule for dead executions after an abort', async () => {
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

  it('have a rule that matches dead executions of their own state machine only', async () => {
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

  it('leave an event that dispatch cannot handle in the dead-letter queue', async () => {
    const { cloud, stage } = at();
    await stage.fire('report', 'yesterday');
    const kept = () => received(cloud.url, deadLetters);
    await expect.poll(kept, { timeout: 60_000 }).toContain('event: slot: must be an instant like');
    expect(await kept()).toContain('"requestPayload": {"job": "report", "slot": "yesterday"}');
    // Where MiniStack differs from AWS: it drops the failure name InvalidEvent.
    expect(await kept()).toContain('"errorType": "Runtime.HandlerError"');
  });

  it('are not started by MiniStack itself, whose ticker fills in no slot', async () => {
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

  it('are listed, shown and started by the commands', async () => {
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
    const [, id = ''] = /npx nightshift show (\S+) --stage test/.exec(ran.stdout) ?? [];
    const shown = await service.nightshift('show', id);
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining('Write the report of') });
    expect((await service.nightshift('show', 'report_20200101T000000Z')).code).toBe(2);
  });
};
