import { afterEach, describe, expect, it } from 'vitest';
import { anthropicModel } from '../../kit/model-servers.ts';
import { answered, ask, closing, open, opened, sent, signal } from '../../kit/open-model.ts';
import { listen, readBody } from '../../kit/wire/listen.ts';

const { on, all } = closing();
afterEach(all);

describe('an Anthropic model', () => {
  it('gets its reasoning back unchanged', async () => {
    const calls = [{ name: 'look', input: {} }];
    const server = on(await anthropicModel([{ thinking: 'Hm, 2 ways.', text: 'I look.', calls }, { text: 'Done.' }]));
    const model = await opened(server);
    const reply = await model(ask, signal);
    expect(reply.content[0]).toMatchObject({ type: 'reasoning', text: 'Hm, 2 ways.' });
    expect((await model({ ...ask, messages: answered(reply) }, signal)).content).toEqual([
      { type: 'text', text: 'Done.' },
    ]);
    const back = sent(server, 1).messages[1].content;
    expect(back.map(({ type }: { type: string }) => type)).toEqual(['thinking', 'text', 'tool_use']);
    expect(back[0].signature).toMatch(/^sig-/);
  });

  it('gets redacted reasoning back too', async () => {
    const bodies: string[] = [];
    const content = [
      { type: 'redacted_thinking', data: 'c2VjcmV0' },
      { type: 'tool_use', id: 'toolu_1', name: 'look', input: {} },
    ];
    const usage = { input_tokens: 1, output_tokens: 1 };
    const { origin, close } = await listen(async (incoming, response) => {
      bodies.push(String(await readBody(incoming)));
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({
          type: 'message',
          id: 'm',
          role: 'assistant',
          model: 'x',
          content,
          stop_reason: 'tool_use',
          usage,
        }),
      );
    });
    on({ close });
    const model = await open({
      id: 'anthropic/claude-haiku-4-5',
      env: { ANTHROPIC_BASE_URL: origin },
      secrets: { ANTHROPIC_API_KEY: 'k' },
    });
    await model({ ...ask, messages: answered(await model(ask, signal)) }, signal);
    expect(JSON.parse(bodies[1] ?? '').messages[1].content[0]).toEqual({ type: 'redacted_thinking', data: 'c2VjcmV0' });
  });

  it('caches the system prompt and the conversation up to its last message, and stores no cache mark', async () => {
    const calls = [{ name: 'a', input: {} }];
    const usage = {
      cache_read_input_tokens: 700,
      cache_creation_input_tokens: 200,
      input_tokens: 100,
      output_tokens: 1,
    };
    const server = on(await anthropicModel([{ calls, usage }, { text: 'Done.' }]));
    const model = await opened(server);
    const reply = await model(ask, signal);
    expect(reply.usage).toMatchObject({ inputTokens: 1000, cacheReadTokens: 700, cacheWriteTokens: 200 });
    const messages = answered(reply);
    await model({ ...ask, messages }, signal);
    expect(JSON.stringify(messages)).not.toContain('cache');
    const mark = { type: 'ephemeral' };
    expect(sent(server, 0).messages[0].content[0].cache_control).toEqual(mark);
    const { system, messages: second } = sent(server, 1);
    expect(system[0].cache_control).toEqual(mark);
    expect(second[2].content[0].cache_control).toEqual(mark);
    expect(JSON.stringify(second.slice(0, 2))).not.toContain('cache_control');
  });

  it('costs what its tokens cost, cached tokens less', async () => {
    const usage = { input_tokens: 1000, output_tokens: 1000 };
    const server = on(
      await anthropicModel([
        { text: 'a', usage },
        { text: 'b', usage: { ...usage, input_tokens: 0, cache_read_input_tokens: 1000 } },
      ]),
    );
    const model = await opened(server);
    const full = (await model(ask, signal)).usage.usd;
    const cached = (await model(ask, signal)).usage.usd;
    expect(full).toBeCloseTo((1000 * 1 + 1000 * 5) / 1e6, 9);
    expect(cached).toBeCloseTo((1000 * 0.1 + 1000 * 5) / 1e6, 9);
  });

  it('is found at a base URL with and without its version', async () => {
    const server = on(await anthropicModel([{ text: 'a' }, { text: 'b' }, { text: 'c' }]));
    const url = server.env.ANTHROPIC_BASE_URL ?? '';
    for (const base of [url, `${url}/`, url.replace('/v1', '')]) {
      await (await opened(server, { env: { ANTHROPIC_BASE_URL: base } }))(ask, signal);
    }
    expect(server.requests).toHaveLength(3);
  });

  it('fails as UnknownModel when the provider does not know it, and as Unauthorized with a wrong key or none', async () => {
    const server = on(await anthropicModel([]));
    await expect((await opened(server, { id: 'anthropic/claude-nobody' }))(ask, signal)).rejects.toMatchObject({
      name: 'UnknownModel',
      message: expect.stringContaining('claude-nobody'),
    });
    const wrong = await opened(server, { secrets: { ANTHROPIC_API_KEY: 'sk-ant-wrong-key' } });
    await expect(wrong(ask, signal)).rejects.toMatchObject({ name: 'Unauthorized' });
    await expect(opened(server, { secrets: {} })).rejects.toMatchObject({
      name: 'Unauthorized',
      message: expect.stringMatching(/ANTHROPIC_API_KEY\b.*ANTHROPIC_API_KEY_PARAMETER.*ANTHROPIC_API_KEY_SECRET/),
    });
    await expect(opened(server, { env: { ANTHROPIC_BASE_URL: 'localhost' } })).rejects.toMatchObject({
      name: 'UnknownModel',
    });
  });
});
