import { afterEach, describe, expect, it } from 'vitest';
import { chatCompletion, openaiCompatibleModel } from '../../kit/model-servers.ts';
import { answered, ask, closing, open, opened, signal } from '../../kit/open-model.ts';
import { listen, readBody } from '../../kit/wire/listen.ts';

const { on, all } = closing();
afterEach(all);

describe('an OpenAI-compatible model', () => {
  it('may send arguments that are not JSON, which the call keeps as text', async () => {
    const calls = [
      { name: 'look', input: '{"url": "http' },
      { name: 'look', input: '' },
      { name: 'look', input: '[1]' },
    ];
    const model = await opened(on(await openaiCompatibleModel([{ calls }])));
    const { content } = await model(ask, signal);
    expect(content.map((part) => part.type === 'tool-call' && part.input)).toEqual(['{"url": "http', {}, [1]]);
  });

  it('requires a base URL and no key', async () => {
    const id = 'openai-compatible/local';
    await expect(open({ id })).rejects.toMatchObject({
      name: 'UnknownModel',
      message: expect.stringContaining('OPENAI_COMPATIBLE_BASE_URL'),
    });
    await expect(open({ id, env: { OPENAI_COMPATIBLE_BASE_URL: 'nonsense' } })).rejects.toMatchObject({
      name: 'UnknownModel',
    });
    const server = on(await openaiCompatibleModel([{ text: 'a' }, { text: 'b' }]));
    await (await opened(server, { secrets: {} }))(ask, signal);
    await (await opened(server))(ask, signal);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      'Bearer sk-compatible-very-secret',
    ]);
    expect(server.requests[0]?.path).toBe('/v1/chat/completions');
  });

  it('costs null, not 0, when no price is known for its server', async () => {
    const model = await opened(on(await openaiCompatibleModel([{ text: 'a' }])), { id: 'openai-compatible/gpt-4o' });
    expect((await model(ask, signal)).usage).toMatchObject({ inputTokens: 100, outputTokens: 10, usd: null });
  });

  it.each([
    ['that has no usage', { ...chatCompletion({ text: 'hi' }), usage: undefined }, { usd: null, estimated: true }],
    ['whose tool call has no id', chatCompletion({ calls: [{ name: 'a', input: {}, id: '' }] }), { outputTokens: 10 }],
  ])('may send an answer %s', async (_what, body, usage) => {
    const { origin, close } = await listen((_incoming, response) => response.end(JSON.stringify(body)));
    on({ close });
    const model = await open({
      id: 'openai-compatible/x',
      env: { OPENAI_COMPATIBLE_BASE_URL: origin },
    });
    const reply = await model(ask, signal);
    expect(reply.content).toHaveLength(1);
    expect(reply.usage).toMatchObject(usage);
  });

  it.each([['{"choices": []}'], ['{}'], ['null'], ['<html>'], ['']])(
    'fails as ModelUnavailable when it answers %j',
    async (body) => {
      const { origin, close } = await listen((_incoming, response) => response.end(body));
      on({ close });
      const env = { OPENAI_COMPATIBLE_BASE_URL: origin };
      const model = await open({ id: 'openai-compatible/x', env });
      await expect(model(ask, signal)).rejects.toMatchObject({ name: 'ModelUnavailable' });
    },
  );

  it('gets the thought signature of a tool call back', async () => {
    const body = chatCompletion({ calls: [{ name: 'look', input: {} }] });
    const [call] = body.choices[0]?.message.tool_calls ?? [];
    Object.assign(call ?? {}, { extra_content: { google: { thought_signature: 'sig-g' } } });
    const bodies: string[] = [];
    const { origin, close } = await listen(async (incoming, response) => {
      bodies.push(String(await readBody(incoming)));
      response.end(JSON.stringify(body));
    });
    on({ close });
    const model = await open({ id: 'openai-compatible/x', env: { OPENAI_COMPATIBLE_BASE_URL: origin } });
    await model({ ...ask, messages: answered(await model(ask, signal)) }, signal);
    const [back] = JSON.parse(bodies[1] ?? '').messages[2].tool_calls;
    expect(back).toMatchObject({ id: 'call_0', extra_content: { google: { thought_signature: 'sig-g' } } });
    expect(Object.keys(back).sort()).toEqual(['extra_content', 'function', 'id', 'type']);
  });
});
