import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import type { ModelRequest } from '../../../lib/agent/model.ts';
import { Failure } from '../../../lib/failure.ts';
import {
  anthropicModel,
  bedrockModel,
  type ModelServer,
  openaiCompatibleModel,
  type StartModelServer,
} from '../../kit/model-servers.ts';
import { opened, signal } from '../../kit/open-model.ts';
import type { Reply } from '../../kit/wire/anthropic-reply.ts';

const tools = [
  {
    name: 'http_get',
    description: 'Fetches a page.',
    inputSchema: { type: 'object', properties: { url: { type: 'string' } }, required: ['url'] },
  },
];
const request: ModelRequest = {
  system: 'Be brief.',
  messages: [{ role: 'user', content: 'a-very-private-prompt' }],
  tools,
};

const modelContract = (name: string, start: StartModelServer) => {
  describe(`a model of ${name}`, () => {
    let server: ModelServer | undefined;
    const serving = async (...replies: Reply[]) => {
      server = await start(replies);
      return { server, model: await opened(server) };
    };
    const failing = async (...replies: Reply[]): Promise<Failure> => {
      const { model } = await serving(...replies);
      const failure = await model(request, signal).then(
        () => undefined,
        (thrown) => thrown,
      );
      if (!(failure instanceof Failure)) throw new Error(`expected a Failure, got ${inspect(failure)}`);
      return failure;
    };
    afterEach(() => server?.close());

    it('answers with its text and its usage', async () => {
      const { model } = await serving({ text: 'Done.', usage: { input_tokens: 1000, output_tokens: 20 } });
      const { content, finish, usage } = await model(request, signal);
      expect(content).toEqual([{ type: 'text', text: 'Done.' }]);
      expect(finish).toBe('stop');
      expect(usage).toMatchObject({ inputTokens: 1000, outputTokens: 20, cacheReadTokens: 0, cacheWriteTokens: 0 });
    });

    it('returns parallel calls in order, also of unknown tools and with arguments that no schema allows', async () => {
      const { model } = await serving({
        text: 'I look.',
        calls: [
          { name: 'http_get', input: { url: 'https://example.com' } },
          { name: 'nobody_has_this', input: { a: [1, null] } },
          { name: 'http_get', input: { url: 7, more: true } },
        ],
      });
      const { content, finish } = await model(request, signal);
      expect(finish).toBe('tool-calls');
      expect(content[0]).toEqual({ type: 'text', text: 'I look.' });
      const calls = content.filter((part) => part.type === 'tool-call');
      expect(calls.map(({ toolName, input }) => [toolName, input])).toEqual([
        ['http_get', { url: 'https://example.com' }],
        ['nobody_has_this', { a: [1, null] }],
        ['http_get', { url: 7, more: true }],
      ]);
      expect(new Set(calls.map(({ toolCallId }) => toolCallId)).size).toBe(3);
    });

    it('drops blank texts, so that a blank reply has no content', async () => {
      const { model } = await serving({}, { text: '' }, { text: ' \n\t ' });
      for (let reply = 0; reply < 3; reply += 1) expect((await model(request, signal)).content).toEqual([]);
    });

    it('distinguishes a refusal from a reply cut at the token limit', async () => {
      const { model } = await serving({ text: 'No.', stop: 'refusal' }, { text: 'Half', stop: 'max_tokens' });
      expect((await model(request, signal)).finish).toBe('refused');
      expect((await model(request, signal)).finish).toBe('length');
    });

    it.each([
      [400, 'InvalidPrompt'],
      [401, 'Unauthorized'],
      [402, 'Unauthorized'],
      [403, 'Unauthorized'],
      [404, 'UnknownModel'],
      [408, 'ModelUnavailable'],
      [409, 'ModelUnavailable'],
      [413, 'InvalidPrompt'],
      [422, 'InvalidPrompt'],
      [424, 'ModelUnavailable'],
      [429, 'ModelThrottled'],
      [500, 'ModelUnavailable'],
      [503, 'ModelUnavailable'],
      [529, 'ModelUnavailable'],
    ])('fails at status %i as %s', async (error, expected) => {
      expect((await failing({ error, message: 'refused' })).name).toBe(expected);
    });

    it("quotes the provider's message of a refusal, at most 300 characters", async () => {
      expect((await failing({ error: 400, message: 'prompt is too long' })).message).toContain('prompt is too long');
      await server?.close();
      expect((await failing({ error: 400, message: '🙂'.repeat(1000) })).message.length).toBeLessThanOrEqual(400);
    });

    it.each([
      ['seconds', { 'retry-after': '17' }, 17],
      ['a date', { 'retry-after': 'Sun, 22 Nov 2026 07:00:42 GMT' }, 42],
      ['a past date', { 'retry-after': 'Sun, 22 Nov 2026 06:00:00 GMT' }, 0],
      ['milliseconds', { 'retry-after-ms': '1500', 'retry-after': '9' }, 1.5],
      ['something unreadable', { 'retry-after': 'soon 5' }, undefined],
    ])('passes on a retry delay given as %s', async (_kind, headers, seconds) => {
      expect(await failing({ error: 429, headers })).toMatchObject({
        name: 'ModelThrottled',
        retryAfterSeconds: seconds,
      });
      await server?.close();
      expect(await failing({ error: 529, headers })).toMatchObject({
        name: 'ModelUnavailable',
        retryAfterSeconds: seconds,
      });
    });

    it.each(['half', 'cut', 'reset'] as const)(
      'fails as ModelUnavailable when its answer is broken: %s',
      async (broken) => {
        expect((await failing({ broken })).name).toBe('ModelUnavailable');
      },
    );

    it('fails as ModelUnavailable when its server refuses the connection', async () => {
      const { server: gone, model } = await serving();
      await gone.close();
      await expect(model(request, signal)).rejects.toMatchObject({ name: 'ModelUnavailable' });
    });

    it("rejects with the signal's own reason on an abort, and closes the connection", async () => {
      const { server: hanging, model } = await serving({ broken: 'hang' });
      const abort = new AbortController();
      const answer = model(request, abort.signal).catch((thrown) => thrown);
      await hanging.received(1);
      const reason = new Failure('TimeLimit', 'time is over');
      abort.abort(reason);
      expect(await answer).toBe(reason);
      expect(await hanging.requests[0]?.ended).toBe('dropped');
    });

    it('sends no request when the signal has aborted before', async () => {
      const { server: idle, model } = await serving({ text: 'Done.' });
      await expect(model(request, AbortSignal.abort('too late'))).rejects.toBe('too late');
      expect(idle.requests).toEqual([]);
    });

    it('sends the same bytes for the same request, also when it is opened again', async () => {
      const { server: same, model } = await serving({ error: 500 }, { text: 'a' }, { text: 'b' });
      await model(request, signal).catch(() => {});
      await model(request, signal);
      await (await opened(same))(structuredClone(request), signal);
      expect(same.requests.map(({ raw }) => raw)).toEqual(Array(3).fill(same.requests[0]?.raw));
      expect(same.requests[0]?.raw).toContain('a-very-private-prompt');
    });

    it('accepts a reply of 1 MB', async () => {
      const text = 'All work and no play. '.repeat(50_000);
      const { model } = await serving({ text });
      expect((await model(request, signal)).content).toEqual([{ type: 'text', text }]);
    });

    it('replaces lone surrogates in requests and replies', async () => {
      const { server: wire, model } = await serving({
        text: 'in \ud83d',
        calls: [{ name: 'x', input: { a: '\udc00' } }],
      });
      const asked = { ...request, system: 'sys \udc00', messages: [{ role: 'user' as const, content: 'out \ud800' }] };
      const { content } = await model(asked, signal);
      expect(content[0]).toEqual({ type: 'text', text: 'in \ufffd' });
      expect(content[1]).toMatchObject({ input: { a: '\ufffd' } });
      expect(wire.requests[0]?.raw).toContain('out \ufffd');
      expect(wire.requests[0]?.raw).toContain('sys \ufffd');
      expect(wire.requests[0]?.raw).not.toMatch(/\\ud[89a-f]/i);
    });

    it('continues from its own calls and their results', async () => {
      const { server: wire, model } = await serving(
        {
          text: 'I look.',
          calls: [
            { name: 'http_get', input: { url: 'u' } },
            { name: 'nope', input: {} },
          ],
        },
        { text: 'Done.' },
      );
      const { content } = await model(request, signal);
      const calls = content.flatMap((part) => (part.type === 'tool-call' ? [part] : []));
      const messages: ModelRequest['messages'] = [
        ...request.messages,
        { role: 'assistant', content: content as never },
        {
          role: 'tool',
          content: calls.map(({ toolCallId, toolName }, index) => ({
            type: 'tool-result',
            toolCallId,
            toolName,
            output: { type: index === 0 ? 'text' : 'error-text', value: `result ${index}` },
          })),
        },
      ];
      expect((await model({ ...request, messages }, signal)).content).toEqual([{ type: 'text', text: 'Done.' }]);
      const second = wire.requests[1]?.raw ?? '';
      for (const { toolCallId } of calls) expect(second.split(toolCallId)).toHaveLength(3);
      expect(second).toContain('result 0');
      expect(second).toContain('result 1');
    });

    it('puts no key into a failure, and the prompt only where the provider quotes it in a refusal', async () => {
      for (const error of [400, 401, 403, 404, 429, 500, 529]) {
        const { server: talkative } = await serving();
        const keys = [
          ...Object.values(talkative.secrets),
          ...Object.values(talkative.env).filter((v) => /secret/.test(v ?? '')),
        ];
        expect(keys).not.toEqual([]);
        await talkative.close();
        const failure = await failing({ error, message: `you sent ${keys.join(' and ')}` });
        const shown = `${inspect(failure, { depth: 20, showHidden: true })} ${JSON.stringify({ ...failure, cause: failure.cause })}`;
        for (const key of keys) expect(shown).not.toContain(key);
        expect(shown).not.toContain('a-very-private-prompt');
        await server?.close();
      }
      for (const broken of ['half', 'cut', 'reset'] as const) {
        expect(inspect(await failing({ broken }), { depth: 20, showHidden: true })).not.toMatch(
          /very-secret|a-very-private/,
        );
        await server?.close();
      }
    });
  });
};

modelContract('Anthropic', anthropicModel);
modelContract('an OpenAI-compatible server', openaiCompatibleModel);
modelContract('Bedrock', bedrockModel);
