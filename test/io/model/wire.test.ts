import { describe, expect, it } from 'vitest';
import { wireOf } from '../../../lib/io/model/wire.ts';
import { failureOf } from '../../kit/failure-of.ts';
import { ask, signal } from '../../kit/open-model.ts';
import { rawModel, whole } from '../../kit/raw-model.ts';

describe('the wire of a model call', () => {
  it.each(['openai-compatible/x', 'anthropic/claude-haiku-4-5', 'bedrock/meta.llama3-3-70b-instruct-v1:0'] as const)(
    'follows no redirect, so that the key and the prompt stay with %s',
    async (id) => {
      const other = await rawModel(id, whole({}));
      for (const status of [301, 302, 303, 307, 308]) {
        const { model } = await rawModel(id, whole('', status, { location: `${other.origin}/v1/elsewhere` }));
        expect(await failureOf(model(ask, signal))).toMatchObject({
          name: 'ModelUnavailable',
          message: expect.stringContaining(`${status} the server redirects`),
        });
      }
      expect(other.bodies).toEqual([]);
    },
  );

  it('reads no more of an answer than it may have, streamed or whole', async () => {
    const megabyte = 'x'.repeat(1024 * 1024);
    for (const [first, rest] of [
      ['data: {"choices":[{"delta":{"content":"', megabyte],
      ['{"choices":[{"message":{"content":"', megabyte],
      ['', `data: {"choices":[{"delta":{"content":"${'x'.repeat(1000)}"}}]}\n\n`.repeat(1000)],
    ] as const) {
      let sent = 0;
      const { model } = await rawModel('openai-compatible/x', (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(first);
        const more = () => {
          while (!response.destroyed && sent < 900) {
            sent += 1;
            if (!response.write(rest)) return response.once('drain', more);
          }
          return response.end();
        };
        more();
      });
      expect(await failureOf(model(ask, signal))).toMatchObject({
        name: 'ModelUnavailable',
        message: expect.stringMatching(/the reply is larger than \d+ (bytes|characters)$/),
      });
      expect(sent).toBeLessThan(200);
    }
  }, 60_000);

  it('reads the beginning of a long error', async () => {
    const { model } = await rawModel('openai-compatible/x', whole(`no ${'x'.repeat(5_000_000)}`, 400));
    const { name, message } = await failureOf(model(ask, signal));
    expect([name, message.length < 400]).toEqual(['InvalidPrompt', true]);
  });

  it('gives an answer without a body as it is', async () => {
    const { origin } = await rawModel('openai-compatible/x', (response) => response.writeHead(304).end());
    const { fetch } = wireOf();
    expect(await (await fetch(origin)).text()).toBe('');
  });
});
