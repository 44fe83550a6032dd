import { describe, expect, test } from 'vitest';
import { Failure } from '../../lib/failure.ts';
import { type Death, SettleInput, settle } from '../../lib/lifecycle/settle.ts';
import { triage } from '../../lib/lifecycle/triage.ts';
import { firstInput } from '../../lib/run/execution.ts';
import { addUsage, noUsage } from '../../lib/usage.ts';
import { recorded, scriptedModel, startedAt, textReply, toolCallReply, tools, usage, work } from '../kit/agent.ts';
import { freshStores } from '../kit/fresh-stores.ts';
import { silent } from '../kit/observer.ts';
import { stateMachine } from '../kit/state-machine.ts';

const start = async () => {
  const stores = await freshStores(() => startedAt);
  const run = await recorded(stores);
  const settled: string[] = [];
  const { executions } = stateMachine();
  const deps = {
    stores,
    executions,
    now: () => startedAt,
    observer: { ...silent, runSettled: () => settled.push('settled') },
  };
  const ended = (result: unknown, attempt = 2) =>
    settle({ ended: SettleInput.parse({ ...firstInput(run.id), attempt, spent: usage, result }) }, deps);
  const died = (status: Death['status']) => settle({ died: { runId: run.id, status } }, deps);
  return { stores, run, deps, settled, ended, died };
};

const done = { status: 'done', steps: 2, usage };
const givenUp = { status: 'give-up', failure: 'ModelUnavailable', message: 'gone', spent: usage };

describe('settle', () => {
  test('records a success with the usage of the whole run', async () => {
    const { stores, run, ended, settled } = await start();
    const outcome = {
      status: 'succeeded',
      attempts: 2,
      steps: 2,
      usage: addUsage(usage, usage),
      endedAt: startedAt.toJSON(),
    };
    expect(await ended(done)).toEqual(outcome);
    expect(await stores.runs.get(run.id)).toMatchObject({ outcome, version: 2 });
    expect(settled).toEqual(['settled']);
  });

  test.each(['done', 'given up', 'died'] as const)(
    'counts the calls that change the world where the run is %s',
    async (how) => {
      const { stores, run, ended, died } = await start();
      const call = { runId: run.id, tool: 'pay', attempt: 1, step: 1, place: 'bob', output: null, version: 1 };
      await stores.effects.put({ ...call, key: 'a', status: 'done' });
      await stores.effects.put({ ...call, key: 'b', status: 'pending', place: 'alice' });
      await stores.effects.put({
        ...call,
        key: 'c',
        status: 'undone',
        place: 'eve',
        output: 'The server answered 401.',
      });
      const outcome = how === 'died' ? await died('ABORTED') : await ended(how === 'done' ? done : givenUp);
      const effects = {
        ...{ done: 1, undone: 1, unknown: 1 },
        first: { tool: 'pay', place: 'alice', status: 'unknown', reason: null },
      };
      expect(outcome).toMatchObject({ effects });
      expect((await stores.runs.get(run.id))?.outcome).toEqual(outcome);
    },
  );

  test('never changes an outcome, whatever settlement arrives later', async () => {
    const { stores, run, ended, died, settled } = await start();
    const first = await ended(givenUp);
    expect(await ended(done)).toEqual(first);
    expect(await died('ABORTED')).toEqual(first);
    expect((await stores.runs.get(run.id))?.outcome).toEqual(first);
    expect(settled).toHaveLength(1);
  });

  test('records exactly one of two outcomes that arrive at once', async () => {
    const { stores, run, ended, died, settled } = await start();
    const both = await Promise.allSettled([ended(done), died('ABORTED')]);
    expect(both.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
    for (const lost of both) if (lost.status === 'rejected') expect(lost.reason).toMatchObject({ name: 'RunConflict' });
    expect(settled).toHaveLength(1);
    expect((await stores.runs.get(run.id))?.version).toBe(2);
  });

  test.each([
    ['FAILED', 'ExecutionFailed'],
    ['TIMED_OUT', 'ExecutionTimedOut'],
    ['ABORTED', 'ExecutionAborted'],
  ] as const)('fails the run of an execution that ended as %s', async (status, failure) => {
    const { stores, run, died } = await start();
    await work(stores, run, scriptedModel(toolCallReply(['count', {}]), new Failure('ModelUnavailable', 'x')));
    expect(await died(status)).toMatchObject({ status: 'failed', failure, attempts: 1, usage });
  });

  test('gives the run of a dead execution the failure that triage gave up on', async () => {
    const { stores, run, died } = await start();
    const result = { status: 'failed', failure: 'Unauthorized', message: 'no key', usage: noUsage } as const;
    await triage(
      { ...firstInput(run.id), result },
      { stores, now: () => startedAt, random: () => 0, observer: silent },
    );
    expect(await died('FAILED')).toMatchObject({ status: 'failed', failure: 'Unauthorized', message: 'no key' });
  });

  test('gives the run of a dead execution the answer that was committed', async () => {
    const { stores, run, died } = await start();
    await work(stores, run, scriptedModel(textReply('All quiet.')));
    expect(await died('FAILED')).toMatchObject({ status: 'succeeded', attempts: 1, steps: 1, usage });
  });

  test('fails the run of an aborted execution even where an answer was committed', async () => {
    const { stores, run, died } = await start();
    await work(stores, run, scriptedModel(textReply('All quiet.')));
    expect(await died('ABORTED')).toMatchObject({ status: 'failed', failure: 'ExecutionAborted' });
  });

  test('stops the effects of a process that still works on an aborted execution', async () => {
    const { stores, run, died } = await start();
    const { all, made } = tools();
    const model = scriptedModel(async () => {
      await died('ABORTED');
      return toolCallReply(['pay', { to: 'bob' }]);
    });
    const { result } = await work(stores, run, model, { tools: all });
    expect(result).toMatchObject({ status: 'failed', failure: 'SessionConflict' });
    expect(made.paid).toEqual([]);
    expect((await stores.attempts.list(run.id))[0]?.failed).toMatchObject({ failure: 'ExecutionAborted' });
  });

  test('stops a process of an aborted execution that has not begun its attempt yet', async () => {
    const { stores, run, died } = await start();
    const { all, made } = tools();
    expect(await died('ABORTED')).toMatchObject({ failure: 'ExecutionAborted', attempts: 1, usage: noUsage });
    const before = { ...stores, runs: { ...stores.runs, get: async () => run } };
    const { result } = await work(before, run, scriptedModel(toolCallReply(['pay', { to: 'bob' }])), { tools: all });
    expect(result).toMatchObject({ status: 'failed', failure: 'SessionConflict' });
    expect(made.paid).toEqual([]);
  });

  test('refuses an unknown run by its id', async () => {
    const { run, ended, deps } = await start();
    expect(run.id).toBe('report_20261122T070000Z');
    const input = SettleInput.parse({ ...firstInput('nobody_20261122T070000Z'), result: done });
    await expect(settle({ ended: input }, deps)).rejects.toMatchObject({ name: 'UnknownRun' });
    await expect(ended(done)).resolves.toBeDefined();
  });
});
