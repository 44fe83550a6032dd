import { describe, expect, it } from 'vitest';
import { failureOf } from '../../kit/failure-of.ts';
import { chatCompletion } from '../../kit/model-servers.ts';
import { answered, ask, signal } from '../../kit/open-model.ts';
import { events, rawModel, whole } from '../../kit/raw-model.ts';

const chunk = (delta: unknown, finish_reason: unknown = null, more = {}) => ({
  choices: [{ delta, finish_reason }],
  ...more,
});
const id = 'openai-compatible/x';
const replyTo = async (...respond: Parameters<typeof events>) =>
  (await rawModel(id, events(...respond))).model(ask, signal);

describe('a reply of an OpenAI-compatible server', () => {
  it('may come whole from a server that does not stream', async () => {
    const calls = [{ name: 'look', input: { at: 1 } }];
    const body = chatCompletion({ text: 'I look.', thinking: 'Hm.', calls });
    const { model, bodies } = await rawModel(id, whole(body));
    expect(await model(ask, signal)).toMatchObject({
      content: [
        { type: 'reasoning', text: 'Hm.' },
        { type: 'text', text: 'I look.' },
        { type: 'tool-call', toolName: 'look', input: { at: 1 } },
      ],
      finish: 'tool-calls',
      usage: { inputTokens: 100, outputTokens: 10 },
    });
    expect(JSON.parse(bodies[0] ?? '')).toMatchObject({ stream: true, stream_options: { include_usage: true } });
  });

  it.each([
    ['an object', { at: 1 }, { at: 1 }],
    ['null', null, {}],
    ['missing', undefined, {}],
    ['text', '{"at":1}', { at: 1 }],
    ['text with a number that would change', '{"at":1234567890123456789}', '{"at":1234567890123456789}'],
  ])('has its arguments read where they are %s', async (_, input, read) => {
    const call = { id: 7, function: { name: 'look', arguments: input } };
    for (const delta of [{ tool_calls: [{ ...call, index: '0' }] }, { function_call: call.function }]) {
      const { content } = await replyTo(chunk(delta), chunk({}, 'stop'), '[DONE]');
      expect(content).toMatchObject([{ type: 'tool-call', toolName: 'look', input: read }]);
    }
    const body = { choices: [{ message: { tool_calls: [call] }, finish_reason: 'tool_calls' }] };
    expect((await (await rawModel(id, whole(body))).model(ask, signal)).content).toMatchObject([
      { toolCallId: '7', input: read },
    ]);
  });

  it('keeps a call without a name, so that the model is told that there is no such tool', async () => {
    const tool_calls = [{ id: 'a', function: { name: ' ', arguments: '{}' } }];
    const body = { choices: [{ message: { tool_calls }, finish_reason: 'tool_calls' }] };
    expect((await (await rawModel(id, whole(body))).model(ask, signal)).content).toMatchObject([
      { toolName: 'unnamed' },
    ]);
  });

  it('never has a number of its arguments changed on the wire', async () => {
    const raw =
      '{"choices":[{"message":{"tool_calls":[{"id":"a","function":{"name":"look","arguments":{"at":1234567890123456789}}}]}}]}';
    expect((await (await rawModel(id, whole(raw))).model(ask, signal)).content).toMatchObject([
      { input: '{"at":1234567890123456789}' },
    ]);
  });

  it('has its counts read where they are text, and good text kept beside fields of an unknown form', async () => {
    const usage = { prompt_tokens: '100', completion_tokens: '10', prompt_tokens_details: { cached_tokens: '60' } };
    const odd = { role: 7, content: 'Done.', refusal: false, audio: [1], tool_calls: null };
    const reply = await replyTo(
      { ...chunk(odd, null, { error: null }), id: 7 },
      chunk({}, 'stop', { usage }),
      '[DONE]',
    );
    expect(reply).toMatchObject({
      content: [{ text: 'Done.' }],
      usage: { inputTokens: 100, outputTokens: 10, cacheReadTokens: 60 },
    });
  });

  it.each([
    ['by null and [DONE]', [chunk({ content: 'Done.' }), '[DONE]'], 'stop'],
    ['by its reason alone', [chunk({ content: 'Done.' }, 'stop')], 'stop'],
    ['by a reason of its own', [chunk({ content: 'Done.' }, 'eos'), '[DONE]'], 'stop'],
    ['by "error"', [chunk({ content: 'Last night 3 of 12 jobs fai' }, 'error'), '[DONE]'], 'broken'],
    ['by an unknown word', [chunk({ content: 'Done.' }, 'exploded'), '[DONE]'], 'other'],
  ])('ends %s', async (_, list, finish) => {
    expect((await replyTo(...list)).finish).toBe(finish);
  });

  it.each([
    ['without an end', [chunk({ content: 'Half' })], 'ModelUnavailable'],
    ['with an error', [chunk({ content: 'Half' }), { error: { code: 429, message: 'slow down' } }], 'ModelThrottled'],
    ['with a chunk that is no JSON', [chunk({ content: 'Half' }), '<html>', '[DONE]'], 'ModelUnavailable'],
  ])('that stops %s is a failure with what it used', async (_, list, name) => {
    const { model } = await rawModel(id, events(...list));
    expect(await failureOf(model(ask, signal))).toMatchObject({ name, usage: { outputTokens: 1, estimated: true } });
  });

  it.each([
    ['{"error":{"code":"insufficient_quota","message":"no money"}}', 'Unauthorized', 'no money'],
    ['{"error":"overloaded"}', 'ModelUnavailable', 'overloaded'],
    ['{"detail":"not today"}', 'ModelUnavailable', 'not today'],
    ['{"choices":[]}', 'ModelUnavailable', 'incomplete or invalid'],
    ['<h1>Hello</h1>', 'ModelUnavailable', 'incomplete or invalid'],
    ['', 'ModelUnavailable', ''],
  ])('is a failure where the answer is %s', async (body, name, words) => {
    const { model } = await rawModel(id, whole(body));
    expect(await failureOf(model(ask, signal))).toMatchObject({ name, message: expect.stringContaining(words) });
  });

  it.each([
    ['reasoning_content', [{ reasoning_content: 'Hm' }, { reasoning_content: '.' }], { reasoning_content: 'Hm.' }],
    ['reasoning', [{ reasoning: 'Hm.' }], { reasoning: 'Hm.' }],
    ['an empty reasoning_content', [{ reasoning_content: '' }], { reasoning_content: '' }],
    [
      'details in pieces',
      [
        { reasoning: 'H', reasoning_details: [{ type: 'reasoning.text', index: 0, text: 'H' }] },
        { reasoning: 'm.', reasoning_details: [{ type: 'reasoning.text', index: 0, text: 'm.', signature: 's' }] },
        { reasoning_details: [{ type: 'reasoning.encrypted', index: 1, data: 'x' }] },
      ],
      {
        reasoning_details: [
          { type: 'reasoning.text', index: 0, text: 'Hm.', signature: 's' },
          { type: 'reasoning.encrypted', index: 1, data: 'x' },
        ],
      },
    ],
    ['a tag', [{ content: '<think>Hm.</think>I look.' }], {}],
  ])('gets its thoughts back as they came: %s', async (_, deltas, back) => {
    const call = { tool_calls: [{ index: 0, id: 'c', function: { name: 'look', arguments: '{}' } }] };
    const first = events(...deltas.map((delta) => chunk(delta)), chunk(call), chunk({}, 'tool_calls'), '[DONE]');
    const { model, bodies } = await rawModel(id, [first, events(chunk({ content: 'Done.' }, 'stop'), '[DONE]')]);
    const messages = answered(await model(ask, signal));
    expect((await model({ ...ask, messages }, signal)).content).toEqual([{ type: 'text', text: 'Done.' }]);
    const { role, content, tool_calls, ...thoughts } = JSON.parse(bodies[1] ?? '').messages[2];
    expect([role, tool_calls.length, thoughts]).toEqual(['assistant', 1, back]);
  });

  it('is asked for without thoughts where the server refuses them', async () => {
    const call = { tool_calls: [{ index: 0, id: 'c', function: { name: 'look', arguments: '{}' } }] };
    const first = events(chunk({ reasoning_content: 'Hm.' }), chunk(call, 'tool_calls'), '[DONE]');
    const done = events(chunk({ content: 'Done.' }, 'stop'), '[DONE]');
    const warnings: string[] = [];
    const warn = (warning: string) => warnings.push(warning);
    const refused = whole({ error: { message: "property 'reasoning_content' is unsupported" } }, 400);
    const { model, bodies } = await rawModel(id, [first, refused, done], { warn });
    await model({ ...ask, messages: answered(await model(ask, signal)) }, signal);
    expect(bodies.map((body) => body.includes('Hm.'))).toEqual([false, true, false]);
    expect(warnings).toEqual([expect.stringContaining('asked without them')]);
  });
});

describe('a request to an OpenAI-compatible server', () => {
  const done = events(chunk({ content: 'Done.' }, 'stop'), '[DONE]');
  const result = { type: 'object', properties: { a: { type: 'string' } } };
  const tools = [{ name: 'look', description: 'Looks.', inputSchema: { type: 'object' } }];

  it('has a limit of tokens, and asks for an answer that fits where it has no tools', async () => {
    const { model, bodies } = await rawModel(id, done, { outputTokens: 500, result });
    await model(ask, signal);
    await model({ ...ask, tools }, signal);
    const [typed, withTools] = bodies.map((body) => JSON.parse(body));
    expect(typed).toMatchObject({
      max_tokens: 500,
      response_format: { type: 'json_schema', json_schema: { schema: result, strict: false } },
    });
    expect(withTools).toMatchObject({ max_tokens: 500 });
    expect(withTools).not.toHaveProperty('response_format');
  });

  it('is repeated without both where the server refuses it', async () => {
    const refused = whole({ error: { message: 'max_tokens is too large' } }, 400);
    const { model, bodies } = await rawModel(id, [refused, done], { outputTokens: 500, result });
    for (const _ of [1, 2]) expect((await model(ask, signal)).finish).toBe('stop');
    expect(bodies.map((body) => /max_tokens|response_format/.test(body))).toEqual([true, false, false]);
  });
});
