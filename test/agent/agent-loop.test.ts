import { describe, expect, test } from 'vitest';
import type { Model } from '../../lib/agent/model.ts';
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
  test('calls the model, runs tools in parallel, commits each step and returns the final answer', async () => {
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

  test('starts without the session of the previous attempt, but with the declared note about its failure', async () => {
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

  test('gives a second invocation of the same attempt a SessionConflict instead of its session', async () => {
    const { stores, run } = await start();
    await work(stores, run, scriptedModel(toolCallReply(['count', {}]), new Failure('ModelUnavailable', 'gone')));
    const zombie = scriptedModel(textReply('Mine.'));
    expect((await work(stores, run, zombie)).result).toMatchObject({ status: 'failed', failure: 'SessionConflict' });
    expect(zombie.asked).toEqual([]);
  });

  test('returns `continue` when the invocation is short of time, and the next invocation resumes after the last step', async () => {
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

  test('returns `continue` instead of waiting for a model beyond the deadline', async () => {
    const { stores, run } = await start();
    const { result } = await work(stores, run, scriptedModel(never), {
      clock: clock({ remainingMs: () => 46_000, timeout: over }),
    });
    expect(result).toEqual({ status: 'continue', version: 1 });
  });

  test('counts what a call that broke off or ran out of time had used', async () => {
    const cut = { ...usage, estimated: true as const };
    const { stores, run } = await start();
    const broken = scriptedModel(new Failure('ModelUnavailable', 'the reply broke off', { usage: cut }));
    expect((await work(stores, run, broken)).result).toMatchObject({ failure: 'ModelUnavailable', usage: cut });
    const slow = await start({ limits: { callSeconds: 1 } });
    const model: Model = (_request, signal, used) => {
      used?.(cut);
      return Promise.reject(signal.reason);
    };
    const late = { clock: clock({ timeout: over }) };
    const { result } = await work(slow.stores, slow.run, { model }, late);
    expect(result).toMatchObject({ failure: 'ModelUnavailable', usage: cut });
  });

  test('fails with ModelUnavailable when the model does not reply within callSeconds', async () => {
    const { stores, run } = await start();
    const { result } = await work(stores, run, scriptedModel(never), { clock: clock({ timeout: over }) });
    expect(result).toMatchObject({ status: 'failed', failure: 'ModelUnavailable' });
  });

  test('rejects a run that already has an outcome', async () => {
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

  test('returns the failure of the model by name, with its Retry-After', async () => {
    const { stores, run } = await start();
    const throttled = new Failure('ModelThrottled', 'slow down', { retryAfterSeconds: 7 });
    expect((await work(stores, run, scriptedModel(throttled))).result).toMatchObject({
      failure: 'ModelThrottled',
      retryAfterSeconds: 7,
    });
  });

  test('returns a bug as a Crash whose message omits the text of the error', async () => {
    const { stores, run } = await start();
    const { result, failures } = await work(stores, run, scriptedModel(new TypeError('prompt: top secret')));
    expect(result).toMatchObject({ status: 'failed', failure: 'Crash' });
    expect(JSON.stringify(result)).not.toContain('secret');
    expect(failures[0]?.cause).toBeInstanceOf(TypeError);
  });
});

describe('an attempt checks its limits before each model call:', () => {
  test.each([
    ['steps', { steps: 2 }, 'StepLimit'],
    ['tokens, the run’s earlier attempts included', { tokens: 300 }, 'BudgetExhausted'],
    ['usd, the run’s earlier attempts included', { usd: 0.003 }, 'BudgetExhausted'],
  ])('the attempt stops at the limit of %s', async (_name, limits, failure) => {
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

  test('seconds count from the first claim of the attempt', async () => {
    const { stores, run } = await start({ limits: { seconds: 60 } });
    await work(stores, run, scriptedModel(), { clock: clock({ remainingMs: () => 0 }) });
    const late = clock({ now: () => new Date(startedAt.getTime() + 60_000) });
    expect((await work(stores, run, scriptedModel(), { clock: late, input: { version: 1 } })).result).toMatchObject({
      failure: 'TimeLimit',
    });
  });

  test('a usd limit is ignored when the price of the model is unknown', async () => {
    const { stores, run } = await start({ limits: { usd: 0.0001 } });
    const free = { ...usage, usd: null };
    const model = scriptedModel({ ...toolCallReply(['count', {}]), usage: free }, textReply('Done.', { usage: free }));
    expect((await work(stores, run, model)).result).toMatchObject({ status: 'done', usage: { usd: null } });
  });

  test('the same call with the same result in three consecutive steps is LoopDetected', async () => {
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

  test('a tool that is unreachable three times in a row is ToolUnavailable', async () => {
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

describe('an attempt with an unusual model reply:', () => {
  test.each([
    ['nothing', textReply(''), 'EmptyReply'],
    ['white space', textReply(' \n\t'), 'EmptyReply'],
    ['half of a text', textReply('Once upon', { finish: 'length' }), 'ReplyCut'],
    ['no', textReply('no', { finish: 'refused' }), 'ReplyRefused'],
  ])('%s is a failure by name, and no step is stored', async (_name, reply, failure) => {
    const { stores, run } = await start();
    expect((await work(stores, run, scriptedModel(reply))).result).toMatchObject({ status: 'failed', failure, usage });
    expect(await stores.sessions.load(sessionKey(run.id, 1))).toEqual([]);
  });

  test('an unknown tool or invalid arguments are reported to the model, and the session continues', async () => {
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

  test('a text of one megabyte is cut and marked, and the step commits', async () => {
    const { stores, run } = await start();
    const { result, steps } = await work(stores, run, scriptedModel(textReply('"é\\'.repeat(300_000))));
    expect(result).toMatchObject({ status: 'done' });
    expect(JSON.stringify(steps[0]?.messages)).toMatch(/\[cut: the first part of 1200000 bytes\]/);
  });

  test('a damaged item that a past-runs tool reads is reported to the model, and the run continues', async () => {
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

  test('a store failure in one call is thrown after the other calls of the step have returned', async () => {
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

  test('thirty-two calls with ten megabytes of output each fit in one step', async () => {
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

describe('a reply too large to commit', () => {
  test('is ItemTooLarge before any of its calls runs', async () => {
    const { stores, run } = await start();
    const { all, made } = tools();
    const providerOptions = { anthropic: { signature: 's' } };
    const thoughts = { type: 'reasoning' as const, text: 'x'.repeat(250_000), providerOptions };
    const reply = toolCallReply(['pay', { to: 'bob' }]);
    const { result } = await work(stores, run, scriptedModel({ ...reply, content: [thoughts, ...reply.content] }), {
      tools: all,
    });
    expect(result).toMatchObject({ status: 'failed', failure: 'ItemTooLarge' });
    expect(made.paid).toEqual([]);
  });
});

describe('an answer of a job with a result schema', () => {
  const typed = { result: { type: 'object', required: ['total'], properties: { total: { type: 'integer' } } } };

  test('ends the attempt when it fits the schema, also inside a code fence', async () => {
    const { stores, run } = await start(typed);
    const model = scriptedModel(textReply('```json\n{"total": 3}\n```'));
    expect((await work(stores, run, model)).result).toMatchObject({ status: 'done', steps: 1 });
    expect(model.asked[0]?.system).toContain('"required":["total"]');
  });

  test('is sent back once with the problems when it does not fit the schema', async () => {
    const { stores, run } = await start(typed);
    const model = scriptedModel(textReply('{"total": "three"}'), textReply('{"total": 3}'));
    expect((await work(stores, run, model)).result).toMatchObject({ status: 'done', steps: 2 });
    expect(model.asked[1]?.messages.at(-1)).toMatchObject({
      role: 'user',
      content: expect.stringContaining('total must be integer'),
    });
  });

  test('of 40 KB is taken whole, and one that is too long to keep is told so', async () => {
    const { stores, run } = await start(typed);
    const long = (length: number) => textReply(JSON.stringify({ total: 3, notes: 'x'.repeat(length) }));
    expect((await work(stores, run, scriptedModel(long(40_000)))).result).toMatchObject({ status: 'done', steps: 1 });
    const other = await start(typed);
    const model = scriptedModel(long(200_000), long(200_000));
    expect((await work(other.stores, other.run, model)).result).toMatchObject({
      failure: 'InvalidResult',
      message: expect.stringContaining('longer than what is kept'),
    });
    expect(model.asked[1]?.messages.at(-1)).toMatchObject({
      content: expect.stringMatching(/it takes 2000\d\d bytes, and 98304 are kept/),
    });
  });

  test('is InvalidResult when it does not fit the schema twice', async () => {
    const { stores, run } = await start(typed);
    expect((await work(stores, run, scriptedModel(textReply('three'), textReply('3')))).result).toMatchObject({
      failure: 'InvalidResult',
    });
  });
});

describe('a tool call with the effect `once`', () => {
  const pay = toolCallReply(['pay', { to: 'bob' }]);

  test('runs once per run, and a later attempt gets the recorded output', async () => {
    const { stores, run } = await start();
    const { all, made } = tools(async () => 'receipt 1');
    await work(stores, run, scriptedModel(pay, new Failure('ModelUnavailable', 'gone')), { tools: all });
    const second = scriptedModel(pay, textReply('Paid.'));
    const { steps } = await work(stores, run, second, { tools: all, input: { attempt: 2 } });
    expect(made.paid).toHaveLength(1);
    expect(steps[0]?.calls).toEqual(['recorded']);
    expect(JSON.stringify(second.asked[1]?.messages)).toContain('receipt 1');
  });

  test('is unknown and never repeated when its ending was not recorded', async () => {
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

  test('is unknown to the next attempt when the process died during the call', async () => {
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

  test('is tried again when it certainly did not happen', async () => {
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

  test('does not run in an invocation whose attempt was given up meanwhile', async () => {
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

  test('runs twice, under two keys, when one attempt makes it twice', async () => {
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
