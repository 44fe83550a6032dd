import { DescribeExecutionCommand } from '@aws-sdk/client-sfn';
import { expect, it } from 'vitest';
import type { Reply } from '../../kit/wire/anthropic-reply.ts';
import { slotAgo } from './deployed-stage.ts';
import { region } from './emulated-cloud.ts';
import type { Deployed } from './test-stage.ts';

const executionOf = (run: string) => `arn:aws:states:${region}:000000000000:execution:nightshift-test:${run}`;

/** A reply that the model holds back until `letGo`. */
const held = () => {
  const { promise, resolve } = Promise.withResolvers<Reply>();
  return { reply: promise, letGo: (reply: Reply) => resolve(reply) };
};

/** Tests of a slot that is due while the previous run still works. */
export const overlaps = (at: () => Deployed): void => {
  const asked = (caller: string, action: string, resource: string) =>
    at().cloud.calls.filter((call) => call.caller === caller && call.action === action && call.resource === resource);

  it('queue one slot, which settle starts when the previous run has ended', async () => {
    const { stage, claude, replies } = at();
    const { reply, letGo } = held();
    const before = claude.requests.length;
    replies.push(reply, { text: 'The second.' });
    const first = await stage.fire('queued', slotAgo(50));
    await claude.received(before + 1);
    const second = await stage.fire('queued', slotAgo(49));
    const waiting = async () => (await stage.stores.states.get('queued'))?.queued;
    await expect.poll(waiting, { timeout: 30_000 }).toBe(second);
    const describe = new DescribeExecutionCommand({ executionArn: executionOf(second) });
    await expect(stage.machine.send(describe)).rejects.toMatchObject({ name: 'ExecutionDoesNotExist' });

    letGo({ text: 'The first.' });
    expect((await stage.ended(first)).outcome).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect((await stage.ended(second)).outcome).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect(claude.requests).toHaveLength(before + 2);
    const machine = `arn:aws:states:${region}:000000000000:stateMachine:nightshift-test`;
    expect(asked('settle', 'states:StartExecution', machine).length).toBeGreaterThan(0);
    const over = async () => (await stage.stores.states.get('queued'))?.open;
    await expect.poll(over, { timeout: 20_000 }).toEqual([]);
  });

  it('end the previous run and its execution when cancel-previous replaces it', async () => {
    const { stage, claude, replies } = at();
    const before = claude.requests.length;
    replies.push({ broken: 'hang' }, { text: 'The newest.' });
    const first = await stage.fire('newest', slotAgo(50));
    await claude.received(before + 1);
    const second = await stage.fire('newest', slotAgo(49));
    expect((await stage.ended(first)).outcome).toMatchObject({ status: 'failed', failure: 'Superseded', attempts: 1 });
    expect((await stage.ended(second)).outcome).toMatchObject({ status: 'succeeded', attempts: 1 });
    const { status } = await stage.machine.send(new DescribeExecutionCommand({ executionArn: executionOf(first) }));
    expect(status).toBe('ABORTED');
    expect(asked('dispatch', 'states:StopExecution', executionOf(first)).length).toBeGreaterThan(0);
  });
};
