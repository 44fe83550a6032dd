import { describe, expect, test } from 'vitest';
import { giveUp } from '../../lib/agent/give-up.ts';
import { type Tool, ToolError, type ToolErrorKind } from '../../lib/agent/tool.ts';
import { Failure } from '../../lib/failure.ts';
import type { Stores } from '../../lib/io/store/stores.ts';
import { runHistory } from '../../lib/report/run-history.ts';
import type { Run } from '../../lib/run/run.ts';
import { sessionKey } from '../../lib/run/session.ts';
import { addUsage } from '../../lib/usage.ts';
import {
  clock,
  recorded,
  scriptedModel,
  startedAt,
  textReply,
  toolCallReply,
  tools,
  usage,
  work,
} from '../kit/agent.ts';
import { freshStores } from '../kit/fresh-stores.ts';

/** The tool `pay`, whose calls end in this order, then well. Its place is whom it pays, up to a dash. */
const paying = (...ends: (ToolErrorKind | 'paid')[]) => {
  const { all, made } = tools(async () => {
    const end = ends[made.paid.length - 1] ?? 'paid';
    if (end !== 'paid') throw new ToolError(end, `The server said ${end}.`);
    return 'paid';
  });
  const pay = { ...all.pay, place: ({ to }: { to: string }) => to.replace(/-.*/, '') } as Tool;
  return { all: { ...all, pay, give_up: giveUp as Tool }, made };
};
const start = async (fields: Record<string, unknown> = {}) => {
  const stores = await freshStores(() => startedAt);
  return { stores, run: await recorded(stores, fields) };
};
const pay = (to: string) => toolCallReply(['pay', { to }]);
const said = textReply('I could not pay.');
const attempt = async (
  stores: Stores,
  run: Run,
  all: Record<string, Tool>,
  number: number,
  ...turns: Parameters<typeof scriptedModel>
) => {
  const model = scriptedModel(...turns);
  const { result } = await work(stores, run, model, { input: { attempt: number }, tools: all });
  return { result, asked: model.asked };
};

describe('an attempt that answers although a call that changes the world', () => {
  test.each<[ToolErrorKind, boolean]>([
    ['refused', true],
    ['unreachable', true],
    ['error', true],
    ['interrupted', false],
  ])(
    'was %s is EffectMissing; that a new attempt may help is %s, and no answer is committed',
    async (kind, tryAgain) => {
      const { stores, run } = await start();
      const { result } = await attempt(stores, run, paying(kind).all, 1, pay('bob'), said);
      expect(result).toMatchObject({
        status: 'failed',
        failure: 'EffectMissing',
        tryAgain,
        usage: addUsage(usage, usage),
      });
      expect(result).toMatchObject({ message: `pay to bob is not done: The server said ${kind}.` });
      expect(await stores.sessions.load(sessionKey(run.id, 1))).toHaveLength(1);
    },
  );

  test('had wrong arguments is EffectMissing, and is made good by the right ones', async () => {
    const { stores, run } = await start();
    const wrong = toolCallReply(['pay', { whom: 'bob' }]);
    const first = await attempt(stores, run, paying().all, 1, wrong, said);
    expect(first.result).toMatchObject({ failure: 'EffectMissing', tryAgain: true });
    const second = await attempt(stores, run, paying().all, 2, wrong, pay('bob'), textReply('Paid.'));
    expect(second.result).toMatchObject({ status: 'done' });
  });

  test('was refused at first and then done succeeds', async () => {
    const { stores, run } = await start();
    const { result } = await attempt(
      stores,
      run,
      paying('unreachable').all,
      1,
      pay('bob'),
      pay('bob'),
      textReply('Paid.'),
    );
    expect(result).toMatchObject({ status: 'done', steps: 3 });
  });

  test('was refused succeeds where its job is lenient', async () => {
    const { stores, run } = await start({ effects: 'lenient' });
    expect((await attempt(stores, run, paying('refused').all, 1, pay('bob'), said)).result).toMatchObject({
      status: 'done',
    });
  });

  test('was refused in an earlier invocation of the attempt is EffectMissing', async () => {
    const { stores, run } = await start();
    const { all } = paying('refused');
    let remaining = 900_000;
    const short = clock({ remainingMs: () => remaining });
    const first = scriptedModel(async () => {
      remaining = 40_000;
      return pay('bob');
    });
    expect((await work(stores, run, first, { clock: short, tools: all })).result).toEqual({
      status: 'continue',
      version: 1,
    });
    const second = await work(stores, run, scriptedModel(said), { input: { version: 1 }, tools: all });
    expect(second.result).toMatchObject({ status: 'failed', failure: 'EffectMissing' });
  });

  test('has no recorded end, because the process that made it died, is EffectMissing for good', async () => {
    const { stores, run } = await start();
    const { all, made } = paying();
    const dying = {
      ...stores.effects,
      put: (effect: Parameters<Stores['effects']['put']>[0]) =>
        effect.status === 'pending'
          ? stores.effects.put(effect)
          : Promise.reject(new Failure('StoreUnavailable', 'died')),
    };
    const first = await attempt({ ...stores, effects: dying }, run, all, 1, pay('bob'));
    expect(first.result).toMatchObject({ failure: 'StoreUnavailable' });
    const second = await attempt(stores, run, all, 2, pay('bob'), said);
    expect(second.asked[0]?.messages[0]?.content).toContain(
      'It is not known whether these calls of earlier attempts took place. They are not repeated:\n- pay to bob',
    );
    expect(second.result).toMatchObject({ failure: 'EffectMissing', tryAgain: false });
    expect(made.paid).toHaveLength(1);
  });
});

describe('an attempt of a job that needs a tool', () => {
  test('is EffectMissing without a call of it, and reads no effects where no tool changes the world', async () => {
    const { stores, run } = await start({ needs: ['pay'] });
    expect((await attempt(stores, run, paying().all, 1, said)).result).toMatchObject({
      failure: 'EffectMissing',
      message: 'pay is not done: no call was made',
      tryAgain: true,
    });
    expect((await attempt(stores, run, paying().all, 2, pay('bob'), textReply('Paid.'))).result).toMatchObject({
      status: 'done',
    });
    const reader = await start({ tools: ['count'], needs: ['count'] });
    const list = () => Promise.reject(new Error('not to be read'));
    const blind = { ...reader.stores, effects: { ...reader.stores.effects, list } };
    const { count } = tools().all;
    const only = { count } as Record<string, Tool>;
    expect((await attempt(blind, reader.run, only, 1, textReply('One.'))).result).toMatchObject({
      failure: 'EffectMissing',
    });
  });
});

describe('a later attempt', () => {
  test('is told which calls are done, without being asked for a note, and its prompt stays the same', async () => {
    const { stores, run } = await start({ limits: { effects: { pay: 1 } } });
    const { all, made } = paying();
    await attempt(stores, run, all, 1, pay('bob-3'), new Failure('ModelUnavailable', 'overloaded'));
    let remaining = 900_000;
    const second = scriptedModel(async () => {
      remaining = 40_000;
      return pay('bob-three');
    });
    const short = clock({ remainingMs: () => remaining });
    await work(stores, run, second, { input: { attempt: 2 }, tools: all, clock: short });
    const third = scriptedModel(textReply('Paid.'));
    const { result } = await work(stores, run, third, { input: { attempt: 2, version: 1 }, tools: all });
    const prompt =
      'Go.\n\nEarlier attempts at this made these calls. They are done, so do not make them again:\n- pay to bob';
    for (const { asked } of [second, third]) expect(asked[0]?.messages[0]).toEqual({ role: 'user', content: prompt });
    expect(third.asked[0]?.messages[2]?.content).toMatchObject([
      { output: { type: 'error-text', value: expect.stringContaining('this job allows 1 call of pay') } },
    ]);
    expect(result).toMatchObject({ status: 'done' });
    expect(made.paid).toHaveLength(1);
    const { attempts } = await runHistory(run.id, stores);
    expect(attempts.map((one) => one.prompt.prompt)).toEqual(['Go.', prompt]);
  });

  test('is told nothing of calls that were not made', async () => {
    const { stores, run } = await start();
    await attempt(stores, run, paying('refused').all, 1, pay('bob'), new Failure('ModelUnavailable', 'overloaded'));
    const { asked } = await attempt(stores, run, paying().all, 2, pay('bob'), textReply('Paid.'));
    expect(asked[0]?.messages[0]).toEqual({ role: 'user', content: 'Go.' });
  });
});

describe('an agent that gives up', () => {
  test.each([true, false])('ends its attempt as GaveUp with its reason; tryAgain: %s', async (tryAgain) => {
    const { stores, run } = await start();
    const gives = toolCallReply(['give_up', { reason: 'The desk is closed.', tryAgain }]);
    const { result } = await attempt(stores, run, paying().all, 1, gives);
    expect(result).toEqual({
      status: 'failed',
      failure: 'GaveUp',
      message: 'The desk is closed.',
      tryAgain,
      usage: expect.any(Object),
    });
  });

  test('without a reason is told what is wrong, and goes on', async () => {
    const { stores, run } = await start();
    const { result } = await attempt(
      stores,
      run,
      paying().all,
      1,
      toolCallReply(['give_up', {}]),
      textReply('Then not.'),
    );
    expect(result).toMatchObject({ status: 'done', steps: 2 });
  });

  test('beside a payment has made that payment', async () => {
    const { stores, run } = await start();
    const both = toolCallReply(['pay', { to: 'bob' }], ['give_up', { reason: 'No more.', tryAgain: false }]);
    const { all, made } = paying();
    expect((await attempt(stores, run, all, 1, both)).result).toMatchObject({ failure: 'GaveUp' });
    expect(made.paid).toHaveLength(1);
    expect(await stores.effects.list(run.id)).toMatchObject([{ status: 'done' }]);
  });
});

describe('an attempt that makes calls that change the world without end', () => {
  test('ends as StepLimit, so that reading its effects stays bounded', async () => {
    const { stores, run } = await start({ limits: { steps: 1000 } });
    const many = (step: number) =>
      toolCallReply(...Array.from({ length: 32 }, (_, at): ['pay', object] => ['pay', { to: `${step}-${at}` }]));
    const { result } = await attempt(
      stores,
      run,
      paying().all,
      1,
      ...Array.from({ length: 9 }, (_, step) => many(step)),
    );
    expect(result).toMatchObject({
      failure: 'StepLimit',
      message: expect.stringContaining('224 calls that change the world'),
    });
  });
});
