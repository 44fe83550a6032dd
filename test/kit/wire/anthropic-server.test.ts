import { createAnthropic } from '@ai-sdk/anthropic';
import { APICallError, generateText, jsonSchema, tool } from 'ai';
import { describe, expect, it } from 'vitest';
import { ask, post, serve } from '../model-server.ts';
import type { AnthropicServer } from './anthropic-server.ts';
import { type Fields, good, headers, hello, says, text } from './request.ts';

describe('the Anthropic wire server', () => {
  it('answers with an error when its script is missing', async () => {
    const server = await serve({ reply: [] });
    const response = await ask(server, good);
    expect(response.status).toBe(500);
    expect(server.requests.map(({ answered }) => answered)).toEqual(['script is over']);
  });

  it('does not use up its script on refused requests', async () => {
    const server = await serve({ reply: [{ text: 'first' }] });
    await ask(server, says());
    expect(await (await ask(server, good)).json()).toMatchObject({ content: [text('first')] });
  });

  it('gives equal requests the same ids, and other requests other ids', async () => {
    const server = await serve({ reply: () => ({ calls: [{ name: 'look', input: {} }] }) });
    const id = async (body: Fields) =>
      ((await (await ask(server, body)).json()) as { content: { id: string }[] }).content[0]?.id;
    const one = await id(good);
    expect(await id(good)).toBe(one);
    expect(await id(says(hello, hello))).not.toBe(one);
  });

  it.each([
    [{ error: 429, retryAfterSeconds: 7 }, 429, 'rate_limit_error', '7'],
    [{ error: 429 }, 429, 'rate_limit_error', '1'],
    [{ error: 500 }, 500, 'api_error', null],
    [{ error: 529 }, 529, 'overloaded_error', null],
    [{ error: 403 }, 403, 'permission_error', null],
    [{ error: 529, type: 'api_error', headers: { 'retry-after': '3' } }, 529, 'api_error', '3'],
  ])('plays the error %j', async (reply, status, type, retryAfter) => {
    const server = await serve({ reply: [reply] });
    const response = await ask(server, good);
    expect([response.status, response.headers.get('retry-after')]).toEqual([status, retryAfter]);
    expect(await response.json()).toMatchObject({ type: 'error', error: { type } });
    expect(server.requests[0]?.answered).toBe(`error ${status}`);
  });

  it('breaks off at once, in the body, or within the JSON', async () => {
    const server = await serve({ reply: [{ broken: 'reset' }, { broken: 'half' }, { broken: 'cut' }] });
    await expect(ask(server, good)).rejects.toThrow('fetch failed');
    const half = await ask(server, good);
    expect(half.status).toBe(200);
    await expect(half.text()).rejects.toThrow('terminated');
    const cut = await ask(server, good);
    await expect(cut.json()).rejects.toThrow(SyntaxError);
    expect(await Promise.all(server.requests.map(({ ended }) => ended))).toEqual(['dropped', 'dropped', 'answered']);
  });

  it('hangs until the client leaves', async () => {
    const server = await serve({ reply: [{ broken: 'hang' }] });
    const leave = new AbortController();
    const hanging = fetch(`${server.url}/messages`, {
      method: 'POST',
      headers,
      body: JSON.stringify(good),
      signal: leave.signal,
    });
    await server.received(1);
    leave.abort();
    await expect(hanging).rejects.toThrow('aborted');
    expect(await server.requests[0]?.ended).toBe('dropped');
  });

  it('ends hanging requests when it closes', async () => {
    const server = await serve({ reply: [{ broken: 'hang' }] });
    const hanging = expect(ask(server, good)).rejects.toThrow('fetch failed');
    await server.received(1);
    await server.close();
    await hanging;
  });

  it('answers 500 when the script throws, and survives a client that leaves before its answer', async () => {
    const leave = new AbortController();
    const server = await serve({
      reply: async ({ index }) => {
        if (index === 0) throw new Error('oops');
        leave.abort();
        await server.requests[1]?.ended;
        return { text: 'too late' };
      },
    });
    expect(await (await ask(server, good)).json()).toMatchObject({
      error: { message: 'the script threw: Error: oops' },
    });
    const left = fetch(`${server.url}/messages`, {
      method: 'POST',
      headers,
      body: JSON.stringify(good),
      signal: leave.signal,
    });
    await expect(left).rejects.toThrow('aborted');
    expect((await ask(server, says())).status).toBe(400);
  });

  it('keeps the request body byte for byte', async () => {
    const server = await serve();
    const body = `{ "model":"claude-haiku-4-5",\n"max_tokens" : 1, "messages":[{"role":"user","content":"\\u00e5 å"}]}`;
    await post(server, body);
    expect(server.requests[0]?.raw).toBe(body);
    expect(server.requests[0]?.headers['x-api-key']).toBe('test-key');
  });
});

describe('the AI SDK with the wire server', () => {
  const tools = {
    look: tool({
      description: 'looks',
      inputSchema: jsonSchema<{ at: string }>({ type: 'object', properties: { at: { type: 'string' } } }),
    }),
  };
  const model = (server: AnthropicServer) =>
    createAnthropic({ baseURL: server.url, apiKey: server.key })('claude-haiku-4-5');
  const generate = (server: AnthropicServer) => generateText({ model: model(server), prompt: 'hello', maxRetries: 0 });

  it('calls tools in parallel, sends their results and its reasoning back, and gets text', async () => {
    const server = await serve({
      reply: [
        {
          thinking: 'hm',
          text: 'Looking.',
          calls: [
            { name: 'look', input: { at: 'a' } },
            { name: 'look', input: { at: 'b' } },
          ],
        },
        {
          text: 'Seen.',
          usage: { input_tokens: 5, output_tokens: 7, cache_read_input_tokens: 11, cache_creation_input_tokens: 13 },
        },
      ],
    });
    const question = { role: 'user' as const, content: 'hello' };
    const first = await generateText({
      model: model(server),
      instructions: 'be brief',
      messages: [question],
      tools,
      maxRetries: 0,
    });
    expect(first.toolCalls.map(({ input }) => input)).toEqual([{ at: 'a' }, { at: 'b' }]);
    expect([first.finishReason, first.text, first.reasoningText]).toEqual(['tool-calls', 'Looking.', 'hm']);
    const results = first.toolCalls.map(({ toolCallId, toolName }) => ({
      type: 'tool-result' as const,
      toolCallId,
      toolName,
      output: { type: 'text' as const, value: 'ok' },
    }));
    const messages = [question, ...first.responseMessages, { role: 'tool' as const, content: results }];
    const second = await generateText({
      model: model(server),
      instructions: 'be brief',
      messages,
      tools,
      maxRetries: 0,
    });
    expect([second.finishReason, second.text]).toEqual(['stop', 'Seen.']);
    expect(second.usage).toMatchObject({
      inputTokens: 29,
      outputTokens: 7,
      inputTokenDetails: { cacheReadTokens: 11, cacheWriteTokens: 13 },
    });
    expect(server.requests.map(({ answered }) => answered)).toEqual(['message', 'message']);
    expect(server.requests[1]?.body).toMatchObject({ system: [text('be brief')], tools: [{ name: 'look' }] });
  });

  it.each([
    ['no text at all', {}, '', 'stop'],
    ['an empty text', { text: '' }, '', 'stop'],
    ['a blank text', { text: ' \n' }, ' \n', 'stop'],
    ['a text that was cut', { text: 'So', stop: 'max_tokens' as const }, 'So', 'length'],
    ['a refusal', { text: 'No.', stop: 'refusal' as const }, 'No.', 'content-filter'],
    ['half a surrogate pair', { text: '\ud83d' }, '\ud83d', 'stop'],
    ['a megabyte', { text: 'x'.repeat(1024 * 1024) }, 'x'.repeat(1024 * 1024), 'stop'],
  ])('gets %s', async (_, reply, words, finish) => {
    const answer = await generate(await serve({ reply: [reply] }));
    expect([answer.text, answer.finishReason]).toEqual([words, finish]);
  });

  it('gets errors with their status, message and retry-after, without a retry', async () => {
    const server = await serve({ reply: [{ error: 429, retryAfterSeconds: 7 }, { error: 529 }] });
    const caught = async () => APICallError.isInstance(await generate(server).catch((error) => error));
    await expect(generate(server)).rejects.toMatchObject({ statusCode: 429, responseHeaders: { 'retry-after': '7' } });
    await expect(generate(server)).rejects.toMatchObject({ statusCode: 529, message: 'Overloaded' });
    expect(await caught()).toBe(true);
    expect(server.requests).toHaveLength(3);
  });

  it.each(['half', 'cut', 'reset'] as const)('fails at an answer that is %s', async (broken) => {
    const error = await generate(await serve({ reply: [{ broken }] })).catch((thrown) => thrown);
    expect(APICallError.isInstance(error)).toBe(true);
  });
});
