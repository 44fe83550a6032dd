import { describe, expect, test } from 'vitest';
import { ToolError } from '../../lib/agent/tool.ts';
import { Failure } from '../../lib/failure.ts';
import { sessionKey } from '../../lib/run/session.ts';
import { addUsage, noUsage } from '../../lib/usage.ts';
import {
  clock,
  recorded,
  scriptedModel,
  slot,
  startedAt,
  textReply,
  toolCallReply,
  tools,
  usage,
  work,
} from '../kit/agent.ts';
import { freshStores } from '../kit/fresh-stores.ts';

const start = async (fields: Record<string, unknown> = {}) => {
  const stores = await freshStores(() => startedAt);
  return { stores, run: await recorded(stores, fields) };
};
const never = () => new Promise<never>(() => {});
/** A signal that has aborted already: time that is over. */
const over = () => AbortSignal.abort(new Error('over'));

describe('an attempt', () => {
  test('asks, runs the tools in parallel, commits a step, and ends with the final answer', async () => {
    const { stores, run } = await start({ prompt: 'Report ${slot}.', system: 'Be brief.' });
    const model = scriptedModel(toolCallReply(['count', {}], ['count', { by: 2 }]), textReply('Two.'));
    const { result, steps } = await work(stores, run, model);
    expect(result).toEqual({ status: 'done', steps: 2, usage: addUsage(usage, usage) });
    expect(await stores.sessions.load(sessionKey(run.id, 1))).toEqual(steps);
    expect(model.asked[0]).toMatchObject({
      system: 'Be brief.',
      messages: [{ role: 'user', content: `Report ${slot}.` }],
    });
    expect(model.asked[1]?.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool']);
    expect(model.asked[1]?.messages[2]?.content).toMatchObject([
      { toolCallId: 'c0', output: { type: 'text', value: 'counted 1' } },
      { toolCallId: 'c1', output: { type: 'text', value: 'counted 2' } },
    ]);
  });

  test('begins with nothing of the attempt before it, but the declared note', async () => {
    const { stores, run } = await start({ retry: { note: true } });
    const first = scriptedModel(toolCallReply(['count', {}]), new Failure('ModelUnavailable', 'gone'));
    expect((await work(stores, run, first)).result).toMatchObject({
      status: 'failed',
      failure: 'ModelUnavailable',
      usage,
    });
    const second = scriptedModel(textReply('Done.'));
    await work(stores, run, second, { input: { attempt: 2, note: 'ModelUnavailable', spent: usage } });
    expect(second.asked[0]?.messages).toEqual([
      { role: 'user', content: expect.stringMatching(/^Go\.\n\n.*ModelUnavailable/) },
    ]);
    const quiet = await start();
    const third = scriptedModel(textReply('Done.'));
    await work(quiet.stores, quiet.run, third, { input: { attempt: 2, note: 'ModelUnavailable' } });
    expect(third.asked[0]?.messages).toEqual([{ role: 'user', content: 'Go.' }]);
  });

  test('gives a second invocation of the same attempt a SessionConflict, and never its session', async () => {
    const { stores, run } = await start();
    await work(stores, run, scriptedModel(toolCallReply(['count', {}]), new Failure('ModelUnavailable', 'gone')));
    const zombie = scriptedModel(textReply('Mine.'));
    expect((await work(stores, run, zombie)).result).toMatchObject({ status: 'failed', failure: 'SessionConflict' });
    expect(zombie.asked).toEqual([]);
  });

  test('leaves with `continue` when its time is short, and goes on from the last committed step', async () => {
    const { stores, run } = await start();
    let remaining = 60_000;
    const first = scriptedModel(async () => {
      remaining = 40_000;
      return toolCallReply(['count', {}]);
    });
    const left = await work(stores, run, first, { clock: clock({ remainingMs: () => remaining }) });
    expect(left.result).toEqual({ status: 'continue', version: 1 });
    const second = scriptedModel(textReply('Done.'));
    const { result } = await work(stores, run, second, { input: { version: 1 } });
    expect(result).toEqual({ status: 'done', steps: 2, usage: addUsage(usage, usage) });
    expect(second.asked[0]?.messages).toHaveLength(3);
    for (const version of [0, 1, 3]) {
      const late = scriptedModel(textReply('Mine.'));
      expect((await work(stores, run, late, { input: { version } })).result).toMatchObject({
        failure: 'SessionConflict',
      });
      expect(late.asked).toEqual([]);
    }
  });

  test('keeps its reserve: leaves with `continue` rather than wait for a model past the deadline', async () => {
    const { stores, run } = await start();
    const { result } = await work(stores, run, scriptedModel(never), {
      clock: clock({ remainingMs: () => 46_000, timeout: over }),
    });
    expect(result).toEqual({ status: 'continue', version: 1 });
  });

  test('calls a model that does not answer within callSeconds ModelUnavailable', async () => {
    const { stores, run } = await start();
    const { result } = await work(stores, run, scriptedModel(never), { clock: clock({ timeout: over }) });
    expect(result).toMatchObject({ status: 'failed', failure: 'ModelUnavailable' });
  });

  test('refuses to work on a run that has its outcome', async () => {
    const { stores, run } = await start();
    const outcome = {
      status: 'failed',
      failure: 'ExecutionAborted',
      message: '',
      attempts: 1,
      usage: noUsage,
      endedAt: '',
    } as const;
    await stores.runs.put({ ...run, outcome, version: 2 });
    expect((await work(stores, run, scriptedModel())).result).toMatchObject({ failure: 'RunConflict' });
  });

  test('returns what the model threw, by name and with its Retry-After', async () => {
    const { stores, run } = await start();
    const throttled = new Failure('ModelThrottled', 'slow down', { retryAfterSeconds: 7 });
    expect((await work(stores, run, scriptedModel(throttled))).result).toMatchObject({
      failure: 'ModelThrottled',
      retryAfterSeconds: 7,
    });
  });

  test('returns a bug as a Crash whose message tells nothing of its contents', async () => {
    const { stores, run } = await start();
    const { result, failures } = await work(stores, run, scriptedModel(new TypeError('prompt: top secret')));
    expect(result).toMatchObject({ status: 'failed', failure: 'Crash' });
    expect(JSON.stringify(result)).not.toContain('secret');
    expect(failures[0]?.cause).toBeInstanceOf(TypeError);
  });
});

describe('limits are checked before each model call', () => {
  test.each([
    ['steps', { steps: 2 }, 'StepLimit'],
    ['tokens, the run’s earlier attempts included', { tokens: 300 }, 'BudgetExhausted'],
    ['usd, the run’s earlier attempts included', { usd: 0.003 }, 'BudgetExhausted'],
  ])('%s', async (_name, limits, failure) => {
    const { stores, run } = await start({ limits });
    const model = scriptedModel(
      toolCallReply(['count', {}]),
      toolCallReply(['count', {}]),
      toolCallReply(['count', {}]),
    );
    const { result, steps } = await work(stores, run, model, { input: { spent: usage } });
    expect(result).toMatchObject({ status: 'failed', failure });
    expect(steps).toHaveLength(2);
  });

  test('seconds, counted from the first claim of the attempt', async () => {
    const { stores, run } = await start({ limits: { seconds: 60 } });
    await work(stores, run, scriptedModel(), { clock: clock({ remainingMs: () => 0 }) });
    const late = clock({ now: () => new Date(startedAt.getTime() + 60_000) });
    expect((await work(stores, run, scriptedModel(), { clock: late, input: { version: 1 } })).result).toMatchObject({
      failure: 'TimeLimit',
    });
  });

  test('an unknown price holds no usd limit', async () => {
    const { stores, run } = await start({ limits: { usd: 0.0001 } });
    const free = { ...usage, usd: null };
    const model = scriptedModel({ ...toolCallReply(['count', {}]), usage: free }, textReply('Done.', { usage: free }));
    expect((await work(stores, run, model)).result).toMatchObject({ status: 'done', usage: { usd: null } });
  });

  test('the same call with the same result, three steps in a row, is LoopDetected', async () => {
    const { stores, run } = await start();
    const same = { count: { ...tools().all.count, run: async () => 'same' } } as ReturnType<typeof tools>['all'];
    const model = scriptedModel(
      toolCallReply(['count', {}]),
      toolCallReply(['count', {}]),
      toolCallReply(['count', {}]),
      textReply('no'),
    );
    expect((await work(stores, run, model, { tools: same })).result).toMatchObject({ failure: 'LoopDetected' });
  });

  test('a tool that cannot be reached three times in a row is ToolUnavailable', async () => {
    const { stores, run } = await start();
    const gone = {
      count: {
        ...tools().all.count,
        run: async () => {
          throw new ToolError('unreachable', 'no route');
        },
      },
    } as ReturnType<typeof tools>['all'];
    const model = scriptedModel(
      toolCallReply(['count', { by: 1 }]),
      toolCallReply(['count', { by: 2 }]),
      toolCallReply(['count', { by: 3 }]),
      textReply('no'),
    );
    const { result, steps } = await work(stores, run, model, { tools: gone });
    expect(result).toMatchObject({ failure: 'ToolUnavailable' });
    expect(steps.map((step) => step.calls)).toEqual([['unreachable'], ['unreachable'], ['unreachable']]);
  });
});

describe('what a model may say', () => {
  test.each([
    ['nothing', textReply(''), 'EmptyReply'],
    ['white space', textReply(' \n\t'), 'EmptyReply'],
    ['half of a text', textReply('Once upon', { finish: 'length' }), 'ReplyCut'],
    ['no', textReply('no', { finish: 'refused' }), 'ReplyRefused'],
  ])('%s is a failure by name, and nothing is stored', async (_name, reply, failure) => {
    const { stores, run } = await start();
    expect((await work(stores, run, scriptedModel(reply))).result).toMatchObject({ status: 'failed', failure, usage });
    expect(await stores.sessions.load(sessionKey(run.id, 1))).toEqual([]);
  });

  test('an unknown tool, wrong arguments and arguments that are no object are told back, and the session goes on', async () => {
    const { stores, run } = await start();
    const model = scriptedModel(
      toolCallReply(['rm', {}], ['count', { by: 'x' }], ['count', 'not json'], ['bad name!', []]),
      textReply('Sorry.'),
    );
    const { result, steps } = await work(stores, run, model);
    expect(result).toMatchObject({ status: 'done' });
    expect(steps[0]?.calls).toEqual(['refused', 'refused', 'refused', 'refused']);
    expect(JSON.stringify(model.asked[1]?.messages[2])).toMatch(/There is no tool rm.*by: .*must be a JSON object/);
  });

  test('a megabyte of text is cut and marked, and the step commits', async () => {
    const { stores, run } = await start();
    const { result, steps } = await work(stores, run, scriptedModel(textReply('"é\\'.repeat(300_000))));
    expect(result).toMatchObject({ status: 'done' });
    expect(JSON.stringify(steps[0]?.messages)).toMatch(/\[cut: the first part of 1200000 bytes\]/);
  });

  test('a tool of the ledger that meets a damaged item is told back, and does not end the run', async () => {
    const { stores, run } = await start();
    const damaged = async () => {
      throw new Failure('DamagedItem', 'item x');
    };
    const all = { count: { ...tools().all.count, run: damaged } } as ReturnType<typeof tools>['all'];
    const { result, steps } = await work(stores, run, scriptedModel(toolCallReply(['count', {}]), textReply('Done.')), {
      tools: all,
    });
    expect(result).toMatchObject({ status: 'done' });
    expect(steps[0]?.calls).toEqual(['error']);
  });

  test('no call goes on unseen: a failure of the store waits for the calls beside it', async () => {
    const { stores, run } = await start();
    let ended = false;
    const { promise: gate, resolve: open } = Promise.withResolvers<string>();
    const all = {
      count: { ...tools().all.count, run: () => gate.finally(() => (ended = true)) },
      pay: { ...tools().all.pay, run: async () => Promise.reject(new Failure('StoreUnavailable', 'gone')) },
    } as ReturnType<typeof tools>['all'];
    const working = work(stores, run, scriptedModel(toolCallReply(['count', {}], ['pay', { to: 'bob' }])), {
      tools: all,
    });
    setImmediate(open, 'late');
    expect((await working).result).toMatchObject({ failure: 'StoreUnavailable' });
    expect(ended).toBe(true);
  });

  test('thirty-two calls with ten megabytes of output each still make one step', async () => {
    const { stores, run } = await start();
    const loud = { count: { ...tools().all.count, run: async () => '"\\'.repeat(5_000_000) } } as ReturnType<
      typeof tools
    >['all'];
    const many = Array.from({ length: 40 }, (_, by): [string, unknown] => ['count', { by }]);
    const { result, steps } = await work(stores, run, scriptedModel(toolCallReply(...many), textReply('Done.')), {
      tools: loud,
    });
    expect(result).toMatchObject({ status: 'done' });
    expect(steps[0]?.calls.filter((status) => status === 'refused')).toHaveLength(8);
  });
});

describe('a reply too large to be committed', () => {
  test('is ItemTooLarge before any of its calls is made', async () => {
    const { stores, run } = await start();
    const { all, made } = tools();
    const thoughts = { type: 'reasoning' as const, text: 'x'.repeat(250_000) };
    const reply = toolCallReply(['pay', { to: 'bob' }]);
    const { result } = await work(stores, run, scriptedModel({ ...reply, content: [thoughts, ...reply.content] }), {
      tools: all,
    });
    expect(result).toMatchObject({ status: 'failed', failure: 'ItemTooLarge' });
    expect(made.paid).toEqual([]);
  });
});

describe('a typed result', () => {
  const typed = { result: { type: 'object', required: ['total'], properties: { total: { type: 'integer' } } } };

  test('that fits ends the attempt, in a code fence too', async () => {
    const { stores, run } = await start(typed);
    const model = scriptedModel(textReply('```json\n{"total": 3}\n```'));
    expect((await work(stores, run, model)).result).toMatchObject({ status: 'done', steps: 1 });
    expect(model.asked[0]?.system).toContain('"required":["total"]');
  });

  test('that does not fit is sent back once, with what is wrong', async () => {
    const { stores, run } = await start(typed);
    const model = scriptedModel(textReply('{"total": "three"}'), textReply('{"total": 3}'));
    expect((await work(stores, run, model)).result).toMatchObject({ status: 'done', steps: 2 });
    expect(model.asked[1]?.messages.at(-1)).toMatchObject({
      role: 'user',
      content: expect.stringContaining('total must be integer'),
    });
  });

  test('that does not fit twice is InvalidResult', async () => {
    const { stores, run } = await start(typed);
    expect((await work(stores, run, scriptedModel(textReply('three'), textReply('3')))).result).toMatchObject({
      failure: 'InvalidResult',
    });
  });
});

describe('an effect `once`', () => {
  const pay = toolCallReply(['pay', { to: 'bob' }]);

  test('is made once a run: a later attempt gets what came back', async () => {
    const { stores, run } = await start();
    const { all, made } = tools(async () => 'receipt 1');
    await work(stores, run, scriptedModel(pay, new Failure('ModelUnavailable', 'gone')), { tools: all });
    const second = scriptedModel(pay, textReply('Paid.'));
    const { steps } = await work(stores, run, second, { tools: all, input: { attempt: 2 } });
    expect(made.paid).toHaveLength(1);
    expect(steps[0]?.calls).toEqual(['recorded']);
    expect(JSON.stringify(second.asked[1]?.messages)).toContain('receipt 1');
  });

  test('whose end nobody saw is unknown, and never repeated', async () => {
    const { stores, run } = await start();
    const { all, made } = tools(async () => {
      throw new ToolError('interrupted', 'the line went dead');
    });
    const { steps } = await work(stores, run, scriptedModel(pay, new Failure('ModelUnavailable', 'gone')), {
      tools: all,
    });
    expect(steps[0]?.calls).toEqual(['unknown']);
    const second = await work(stores, run, scriptedModel(pay, textReply('I do not know.')), {
      tools: all,
      input: { attempt: 2 },
    });
    expect(second.steps[0]?.calls).toEqual(['unknown']);
    expect(made.paid).toHaveLength(1);
  });

  test('of a process that died in it is unknown to the next attempt', async () => {
    const { stores, run } = await start();
    const began = Promise.withResolvers<void>();
    const { all, made } = tools(() => {
      began.resolve();
      return never();
    });
    const dead = work(stores, run, scriptedModel(pay), { tools: all });
    await began.promise;
    const second = await work(stores, run, scriptedModel(pay, textReply('I do not know.')), {
      tools: all,
      input: { attempt: 2 },
    });
    expect(second.steps[0]?.calls).toEqual(['unknown']);
    expect(made.paid).toHaveLength(1);
    void dead;
  });

  test('that certainly did not happen may be tried again', async () => {
    const { stores, run } = await start();
    let reachable = false;
    const { all, made } = tools(async () => {
      if (!reachable) throw new ToolError('unreachable', 'no route');
      return 'receipt 1';
    });
    await work(stores, run, scriptedModel(pay, new Failure('ModelUnavailable', 'gone')), { tools: all });
    reachable = true;
    const second = await work(stores, run, scriptedModel(pay, textReply('Paid.')), {
      tools: all,
      input: { attempt: 2 },
    });
    expect(second.steps[0]?.calls).toEqual(['ok']);
    expect(new Set(made.paid).size).toBe(1);
  });

  test('is not made by a zombie whose attempt was given up while it worked', async () => {
    const { stores, run } = await start();
    const { all, made } = tools();
    const zombie = scriptedModel(async () => {
      const seen = await stores.attempts.get(run.id, 1);
      const decision = { status: 'retry', delaySeconds: 0 } as const;
      const failed = { failure: 'Crash', message: '', usage: noUsage, endedAt: '', decision } as const;
      if (seen) await stores.attempts.put({ ...seen, failed, version: 2 });
      return pay;
    });
    const { result } = await work(stores, run, zombie, { tools: all });
    expect(result).toMatchObject({ status: 'failed', failure: 'SessionConflict' });
    expect(made.paid).toEqual([]);
  });

  test('that is meant twice in one attempt is made twice, under two keys', async () => {
    const { stores, run } = await start();
    const { all, made } = tools();
    await work(
      stores,
      run,
      scriptedModel(toolCallReply(['pay', { to: 'bob' }], ['pay', { to: 'bob' }]), textReply('Twice.')),
      {
        tools: all,
      },
    );
    expect(new Set(made.paid).size).toBe(2);
  });
});
