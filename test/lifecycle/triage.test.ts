import { describe, expect, test } from 'vitest';
import { Failure } from '../../lib/failure.ts';
import { TriageInput, triage } from '../../lib/lifecycle/triage.ts';
import { firstInput } from '../../lib/run/execution.ts';
import { addUsage, noUsage } from '../../lib/usage.ts';
import { recorded, scriptedModel, startedAt, textReply, toolCallReply, usage, work } from '../kit/agent.ts';
import { freshStores } from '../kit/fresh-stores.ts';

const start = async (fields: Record<string, unknown> = {}) => {
  const stores = await freshStores(() => startedAt);
  const run = await recorded(stores, fields);
  const closed: string[] = [];
  const ask = (attempt: number, result: unknown, random = 0.5, spent = noUsage) =>
    triage(TriageInput.parse({ ...firstInput(run.id), attempt, spent, result }), {
      stores,
      now: () => startedAt,
      random: () => random,
      observer: { attemptClosed: (_run, { number }) => closed.push(`attempt ${number}`) },
    });
  return { stores, run, closed, ask };
};

const failed = (failure: string, more = {}) => ({ status: 'failed', failure, message: 'no', usage, ...more });

describe('triage', () => {
  test('closes the attempt and asks for the next one, after a wait within the bound', async () => {
    const { stores, run, closed, ask } = await start();
    const answer = await ask(1, failed('ModelUnavailable'), 0.99);
    expect(answer).toEqual({ status: 'retry', attempt: 2, delaySeconds: 2, spent: usage, note: 'ModelUnavailable' });
    const [attempt] = await stores.attempts.list(run.id);
    expect(attempt?.failed).toMatchObject({
      failure: 'ModelUnavailable',
      decision: { status: 'retry', delaySeconds: 2 },
    });
    expect(closed).toEqual(['attempt 1']);
  });

  test('gives the same answer when called again for an attempt, and closes nothing', async () => {
    const { closed, ask } = await start();
    const first = await ask(1, failed('ModelUnavailable'), 0);
    expect(await ask(1, failed('ModelUnavailable'), 0.99)).toEqual(first);
    expect(closed).toHaveLength(1);
  });

  test("waits at least as long as the provider's Retry-After", async () => {
    const { ask } = await start();
    expect(await ask(1, failed('ModelThrottled', { retryAfterSeconds: 17.2 }), 0)).toMatchObject({ delaySeconds: 18 });
  });

  test('tries again after giving up only where the agent says so, and keeps what the attempt was told', async () => {
    const { stores, run, ask } = await start();
    const told = { done: ['pay to bob'], unknown: [] };
    await stores.attempts.put({
      runId: run.id,
      number: 1,
      startedAt: startedAt.toJSON(),
      failed: null,
      told,
      version: 1,
    });
    expect(await ask(1, failed('GaveUp', { tryAgain: true }))).toMatchObject({ status: 'retry', note: 'GaveUp' });
    expect(await ask(2, failed('GaveUp', { tryAgain: false }))).toMatchObject({ status: 'give-up', failure: 'GaveUp' });
    expect(await ask(3, failed('EffectMissing'))).toMatchObject({ status: 'give-up', failure: 'EffectMissing' });
    expect(await stores.attempts.get(run.id, 1)).toMatchObject({ told, failed: { failure: 'GaveUp' } });
  });

  test.each([
    ['a final failure', 1, failed('Unauthorized'), 'Unauthorized'],
    ['the last attempt', 4, failed('ModelUnavailable'), 'ModelUnavailable'],
  ])('gives up on %s', async (_name, attempt, result, failure) => {
    const { ask } = await start();
    expect(await ask(attempt, result)).toEqual({ status: 'give-up', failure, message: 'no', spent: usage });
  });

  test.each([['Sandbox.Timedout'], ['Runtime.ExitError'], ['States.Timeout'], ['Lambda.Unknown'], ['TypeError']])(
    'closes an attempt that died by %s as a Crash, and counts its committed steps',
    async (error) => {
      const { stores, run, ask } = await start();
      await work(stores, run, scriptedModel(toolCallReply(['count', {}]), new Failure('ModelUnavailable', 'x')));
      const answer = await ask(1, { Error: error, Cause: '{"errorMessage":"prompt: secret"}' }, 0.5, usage);
      expect(answer).toMatchObject({ status: 'retry', note: 'Crash', spent: addUsage(usage, usage) });
      expect(JSON.stringify(await stores.attempts.list(run.id))).not.toContain('secret');
    },
  );

  test('says that Lambda had no free concurrency, which is no crash', async () => {
    const { ask } = await start();
    expect(await ask(1, { Error: 'Lambda.TooManyRequestsException', Cause: 'Rate exceeded' })).toMatchObject({
      status: 'retry',
      note: 'LambdaThrottled',
    });
  });

  test('recognizes a thrown failure by its name', async () => {
    const { ask } = await start();
    expect(await ask(1, { Error: 'InvalidEvent', Cause: '' })).toMatchObject({
      status: 'give-up',
      failure: 'InvalidEvent',
    });
  });

  test('closes an attempt that never began, so that every attempt has an end', async () => {
    const { stores, run, ask } = await start();
    await ask(1, { Error: 'Lambda.Unknown', Cause: '' });
    expect((await stores.attempts.list(run.id)).map(({ failed: end }) => end?.failure)).toEqual(['Crash']);
  });

  test.each([
    ['whose process died', { Error: 'Sandbox.Timedout' }],
    ['whose second invocation lost the claim', failed('SessionConflict', { usage: noUsage })],
  ])('finds the committed answer of an attempt %s', async (_name, result) => {
    const { stores, run, closed, ask } = await start();
    await work(stores, run, scriptedModel(toolCallReply(['count', {}]), textReply('All quiet.')));
    expect(await ask(1, result)).toEqual({ status: 'done', steps: 2, usage: addUsage(usage, usage) });
    expect(closed).toEqual([]);
  });

  test('counts the committed steps that the failed invocation had not read', async () => {
    const { stores, run, ask } = await start();
    await work(
      stores,
      run,
      scriptedModel(toolCallReply(['count', {}]), toolCallReply(['count', {}]), new Failure('ModelUnavailable', 'x')),
    );
    const answer = await ask(1, failed('StoreUnavailable', { usage: noUsage }));
    expect(answer).toMatchObject({ status: 'retry', spent: addUsage(usage, usage) });
  });

  test('decides about a session that cannot be read, and leaves its cost unknown', async () => {
    const { stores, run, ask } = await start();
    await work(stores, run, scriptedModel(toolCallReply(['count', {}]), new Failure('ModelUnavailable', 'x')));
    const key = { pk: `session#${run.id}/a1`, sk: 'step#00001' };
    await stores.plant({ ...key, expiresAt: 9e9, data: '{}' });
    expect(await ask(1, { Error: 'Runtime.ExitError' })).toMatchObject({ status: 'retry', spent: { usd: null } });
  });

  test('leaves the attempts of a run that has ended unchanged', async () => {
    const { stores, run, closed, ask } = await start();
    const outcome = { status: 'succeeded', attempts: 1, steps: 1, usage, endedAt: '' } as const;
    await stores.runs.put({ ...run, outcome, version: 2 });
    expect(await ask(1, failed('RunConflict'))).toMatchObject({ status: 'give-up', failure: 'RunConflict' });
    expect([await stores.attempts.list(run.id), closed]).toEqual([[], []]);
  });

  test('fences the attempt it has closed: its continuation is refused', async () => {
    const { stores, run, ask } = await start();
    await work(stores, run, scriptedModel(toolCallReply(['count', {}]), new Failure('ModelUnavailable', 'x')));
    await ask(1, { Error: 'Sandbox.Timedout', Cause: '' });
    const zombie = scriptedModel();
    expect((await work(stores, run, zombie, { input: { version: 1 } })).result).toMatchObject({
      failure: 'SessionConflict',
    });
  });
});
