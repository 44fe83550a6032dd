import { expect, test } from 'vitest';
import { firstInput } from '../../../lib/run/execution.ts';
import { sessionKey } from '../../../lib/run/session.ts';
import { runOf } from '../../kit/stored.ts';
import { delivery, freshSlot, look, openStage, type World } from './lambda-stage.ts';

/** How many seconds an invocation of attempt must have for its first model call: those kept for tools and the commit, and six more. */
const tight = 22;

/** Tests of runs whose function is short of time, out of time, killed or out of memory. */
export const deathCases = (given: () => World) => {
  test('return `continue` without time for a model call and resume in the next invocation', async () => {
    const { lambda, model, stores } = await openStage(given(), { reply: [{ text: 'Done.' }] });
    const run = runOf('report', { slot: freshSlot() });
    await stores.runs.put({ ...run, job: { ...run.job, model: 'anthropic/claude-sonnet-4-5' } });
    const input = firstInput(run.id);
    expect(await lambda.attempt.invoke(input, 10)).toMatchObject({ payload: { status: 'continue', version: 1 } });
    expect(model.requests).toEqual([]);
    expect(await lambda.attempt.invoke({ ...input, version: 1 })).toMatchObject({
      payload: { status: 'done', steps: 1 },
    });
  });

  test('leave a model call before the deadline and resume from the last committed step in a new process', async () => {
    const { ended, invoked, lambda, model } = await openStage(given(), {
      reply: [look, { broken: 'hang' }, { text: 'Done.' }],
      timeoutSeconds: { attempt: tight },
      after: async (result) => {
        if (result.ok && Object(result.payload).status === 'continue') await lambda.attempt.kill();
      },
    });
    const { event, id } = delivery();
    await lambda.dispatch.invoke(event);
    expect((await ended(id)).outcome).toMatchObject({ status: 'succeeded', attempts: 1, steps: 2 });
    expect(invoked.map(({ result }) => result.ok && Object(result.payload).status)).toEqual([
      'continue',
      'done',
      'succeeded',
    ]);
    expect(invoked[0]?.result.pid).not.toBe(invoked[1]?.result.pid);
    expect(model.requests[2]?.raw).toBe(model.requests[1]?.raw);
    expect(model.requests[2]?.raw).toContain('tool_result');
  });

  test('are killed at the deadline during a commit, and the run continues with a clean attempt', async () => {
    const { dynamo, ended, invoked, lambda, model, stores } = await openStage(given(), {
      reply: [look, { text: 'Never heard of again.' }, look, { text: 'Done.' }],
      timeoutSeconds: { attempt: tight },
    });
    const { event, id } = delivery();
    const lost = { pk: { S: `session#${sessionKey(id, 1)}` }, sk: { S: 'step#00002' } };
    dynamo.fault = ({ action, input }) => {
      const { pk, sk } = Object(input.Item);
      return action === 'PutItem' && pk?.S === lost.pk.S && sk?.S === lost.sk.S ? 'held' : undefined;
    };
    await lambda.dispatch.invoke(event);
    expect((await ended(id)).outcome).toMatchObject({ status: 'succeeded', attempts: 2, steps: 2 });
    const [timedOut, , again] = invoked.map(({ result }) => result);
    expect(timedOut).toMatchObject({ ok: false, error: { errorType: 'Sandbox.Timedout' } });
    expect(again?.pid).not.toBe(timedOut?.pid);
    expect(model.requests[2]?.raw).toBe(model.requests[0]?.raw);
    expect(await stores.sessions.load(sessionKey(id, 1))).toHaveLength(1);
    const [first] = await stores.attempts.list(id);
    expect(first?.failed).toMatchObject({ failure: 'Crash', message: 'the attempt died: Sandbox.Timedout' });
    expect(first?.failed?.usage.inputTokens).toBeGreaterThan(0);
  });

  test('start a run on the second delivery when dispatch was killed between put and start', async () => {
    const { ended, lambda, states } = await openStage(given(), { reply: [{ text: 'Done.' }] });
    const { event, id } = delivery();
    states.fault = (_, before) => (before === 0 ? 'held' : undefined);
    const first = await lambda.dispatch.invoke(event, 8);
    expect(first).toMatchObject({ ok: false, error: { errorType: 'Sandbox.Timedout' } });
    const second = await lambda.dispatch.invoke(event);
    expect(second).toMatchObject({ ok: true, payload: { status: 'duplicate', run: id } });
    expect(second.pid).not.toBe(first.pid);
    expect((await ended(id)).outcome).toMatchObject({ status: 'succeeded', attempts: 1 });
  });

  test.each(['held', 'lost'] as const)(
    'record the outcome once when settle is killed at its deadline with its put %s',
    async (fault) => {
      const { dynamo, ended, invoked, lambda } = await openStage(given(), {
        reply: [{ text: 'Done.' }],
        timeoutSeconds: { settle: 8 },
      });
      const { event, id } = delivery();
      const settled = () => invoked.flatMap(({ name, result }) => (name === 'settle' ? [result] : []));
      // From the put of the outcome on, nothing is heard of the table until the process is gone.
      let begun = false;
      dynamo.fault = ({ action, input }) => {
        const { pk, version } = Object(input.Item);
        if (settled().length > 0) return undefined;
        if (begun) return 'held';
        begun = action === 'PutItem' && pk.S === 'job#report' && version.N === '2';
        return begun ? fault : undefined;
      };
      await lambda.dispatch.invoke(event);
      const { outcome, version } = await ended(id);
      expect([outcome?.status, version]).toEqual(['succeeded', 2]);
      expect(settled()).toMatchObject([{ error: { errorType: 'Sandbox.Timedout' } }, { payload: outcome }]);
    },
  );

  test('start a new process after one is killed during a model call', async () => {
    const reply = async ({ index }: { index: number }) => {
      if (index === 1) await lambda.attempt.kill();
      return index % 2 === 0 ? look : { text: 'Done.' };
    };
    const { ended, invoked, lambda, model, stores } = await openStage(given(), { reply });
    const { event, id } = delivery();
    await lambda.dispatch.invoke(event);
    expect((await ended(id)).outcome).toMatchObject({ status: 'succeeded', attempts: 2, steps: 2 });
    expect(invoked[0]?.result).toMatchObject({
      error: { errorType: 'Runtime.ExitError', errorMessage: expect.stringContaining('signal: SIGKILL') },
    });
    expect(model.requests[2]?.raw).toBe(model.requests[0]?.raw);
    expect(await stores.sessions.load(sessionKey(id, 1))).toHaveLength(1);
  });

  test('start a new process after one runs out of memory', async () => {
    const huge = { calls: [{ name: 'previous_result', input: { list: Array(2_500_000).fill({}) } }] };
    const { ended, invoked, lambda, printed, stores } = await openStage(given(), {
      reply: [look, huge, look, { text: 'Done.' }],
      memoryMb: 128,
    });
    const { event, id } = delivery();
    await lambda.dispatch.invoke(event);
    expect((await ended(id)).outcome).toMatchObject({ status: 'succeeded', attempts: 2, steps: 2 });
    expect(invoked[0]?.result).toMatchObject({ error: { errorType: 'Runtime.ExitError' } });
    expect(printed('attempt').join('\n')).toContain('heap out of memory');
    expect((await stores.attempts.list(id)).map(({ failed }) => failed?.failure)).toEqual(['Crash', undefined]);
  });
};
