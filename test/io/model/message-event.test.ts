import { describe, expect, it } from 'vitest';
import { failureOf } from '../../kit/failure-of.ts';
import { ask, signal } from '../../kit/open-model.ts';
import { events, rawModel, whole } from '../../kit/raw-model.ts';

const id = 'anthropic/claude-haiku-4-5';
const start = { type: 'message_start', message: { id: 'm', usage: { input_tokens: 1000, output_tokens: 1 } } };
const block = (index: number, content_block: unknown, ...deltas: unknown[]) => [
  { type: 'content_block_start', index, content_block },
  ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
  { type: 'content_block_stop', index },
];
const text = (words: string) => block(0, { type: 'text', text: '' }, { type: 'text_delta', text: words });
const end = (stop_reason: unknown, usage: unknown = { output_tokens: 10 }) => [
  { type: 'message_delta', delta: { stop_reason }, usage },
  { type: 'message_stop' },
];
const replyTo = async (...list: unknown[]) => (await rawModel(id, events(...list))).model(ask, signal);

describe("a reply of a server with Anthropic's Messages API", () => {
  it('may come whole from a server that does not stream', async () => {
    const content = [
      { type: 'thinking', thinking: 'Hm.', signature: 's' },
      { type: 'text', text: 'I look.' },
      { type: 'tool_use', id: 'a', name: 'look', input: { at: 1 } },
      { type: 'some_news', of: 2027 },
    ];
    const body = { type: 'message', content, stop_reason: 'tool_use', usage: { input_tokens: 100, output_tokens: 10 } };
    expect(await (await rawModel(id, whole(body))).model(ask, signal)).toMatchObject({
      content: [
        { type: 'reasoning', text: 'Hm.', providerOptions: { anthropic: { signature: 's' } } },
        { type: 'text', text: 'I look.' },
        { type: 'tool-call', toolCallId: 'a', input: { at: 1 } },
      ],
      finish: 'tool-calls',
      usage: { inputTokens: 100, outputTokens: 10 },
    });
  });

  it('keeps good text beside a block, a delta and an event of an unknown kind', async () => {
    const list = [
      start,
      { type: 'news' },
      ...block(1, { type: 'some_news' }, { type: 'news_delta', of: 2027 }),
      ...text('Done.'),
      { type: 'content_block_delta', index: 0, delta: { type: 'news_delta' } },
      ...end('end_turn', { output_tokens: '10' }),
    ];
    expect(await replyTo(...list)).toMatchObject({
      content: [{ text: 'Done.' }],
      finish: 'stop',
      usage: { outputTokens: 10 },
    });
  });

  it.each([
    ['an object at its start', { at: 1 }, [], { at: 1 }],
    ['null', null, [], {}],
    ['an empty object and pieces', {}, ['{"at"', ':1}'], { at: 1 }],
  ])('has its arguments read where they are %s', async (_, input, pieces, read) => {
    const deltas = pieces.map((partial_json) => ({ type: 'input_json_delta', partial_json }));
    const call = block(0, { type: 'tool_use', id: 7, name: 'look', input }, ...deltas);
    expect((await replyTo(start, ...call, ...end('tool_use'))).content).toMatchObject([
      { toolCallId: '7', input: read },
    ]);
  });

  it('never has a number of its arguments changed on the wire', async () => {
    const args = '{"at":1234567890123456789}';
    const raw = `{"content":[{"type":"tool_use","id":"a","name":"look","input":${args}}],"stop_reason":"tool_use"}`;
    expect((await (await rawModel(id, whole(raw))).model(ask, signal)).content).toMatchObject([{ input: args }]);
    const opened = `{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"look","input":${args}}}`;
    const list = [start, opened, { type: 'content_block_stop', index: 0 }, ...end('tool_use')];
    expect((await replyTo(...list)).content).toMatchObject([{ input: args }]);
  });

  it.each([
    ['end_turn', 'stop'],
    [null, 'stop'],
    ['model_context_window_exceeded', 'context'],
    ['pause_turn', 'broken'],
    ['exploded', 'other'],
  ])('ends by %s as %s', async (reason, finish) => {
    expect((await replyTo(start, ...text('Half'), ...end(reason))).finish).toBe(finish);
  });

  it.each([
    ['without an end', [], 'ModelUnavailable'],
    ['with an error', [{ type: 'error', error: { type: 'rate_limit_error', message: 'slow' } }], 'ModelThrottled'],
    ['with an overload', [{ type: 'error', error: { type: 'overloaded_error', message: 'busy' } }], 'ModelUnavailable'],
  ])('that stops %s is a failure with what it used', async (_, last, name) => {
    const { model } = await rawModel(id, events(start, ...text('Half'), ...last));
    expect(await failureOf(model(ask, signal))).toMatchObject({
      name,
      usage: { inputTokens: 1000, outputTokens: 1, estimated: true },
    });
  });

  it('is asked for by its schema beside tools, where the model has that', async () => {
    const done = events(start, ...text('Done.'), ...end('end_turn'));
    const asked = { outputTokens: 500, result: { type: 'object', properties: {}, additionalProperties: false } };
    const { model, bodies } = await rawModel(id, done, asked);
    await model({ ...ask, tools: [{ name: 'look', description: 'Looks.', inputSchema: { type: 'object' } }] }, signal);
    const { max_tokens, output_config, tools, tool_choice } = JSON.parse(bodies[0] ?? '');
    expect({ max_tokens, format: output_config.format.type, tools: tools.length, tool_choice }).toEqual({
      max_tokens: 500,
      format: 'json_schema',
      tools: 1,
      tool_choice: undefined,
    });
  });
});
