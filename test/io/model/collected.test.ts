import type { LanguageModelV4StreamPart } from '@ai-sdk/provider';
import { describe, expect, it } from 'vitest';
import { type Collected, collect } from '../../../lib/io/model/collected.ts';
import { failureOf } from '../../kit/failure-of.ts';
import { ask, signal } from '../../kit/open-model.ts';
import { rawModel } from '../../kit/raw-model.ts';
import { awsFrame } from '../../kit/wire/streamed.ts';

const collecting = async (...parts: LanguageModelV4StreamPart[]) => {
  const reply: Collected = { content: [], characters: 0, warnings: [] };
  return collect(ReadableStream.from(parts) as never, reply).then(
    (whole) => whole.content,
    (thrown) => ({ thrown, content: reply.content }),
  );
};
const say = (id: string, delta: string) => ({ type: 'text-delta' as const, id, delta });

describe('a collected stream', () => {
  it('has its blocks in the order of their beginnings, with the options that came with any piece', async () => {
    expect(
      await collecting(
        { type: 'reasoning-start', id: '0', providerMetadata: { anthropic: { a: 1 } } },
        { type: 'text-start', id: '0' },
        say('0', 'Do'),
        { type: 'reasoning-delta', id: '0', delta: 'Hm.', providerMetadata: { anthropic: { signature: 's' } } },
        say('0', 'ne.'),
        { type: 'text-end', id: '0' },
        { type: 'text-start', id: '0' },
        say('0', 'More.'),
        say('9', 'Of no block.'),
        { type: 'text-end', id: '8' },
      ),
    ).toEqual([
      { type: 'reasoning', text: 'Hm.', providerMetadata: { anthropic: { a: 1, signature: 's' } } },
      { type: 'text', text: 'Done.' },
      { type: 'text', text: 'More.' },
      { type: 'text', text: 'Of no block.' },
    ]);
  });

  it('keeps what had come where the stream has an error, or has no end', async () => {
    const half = [{ type: 'text-start', id: '0' } as const, say('0', 'Half')];
    const content = [{ type: 'text', text: 'Half' }];
    const told = await collecting(...half, { type: 'error', error: { message: 'busy', statusCode: 503 } });
    expect(told).toMatchObject({ content, thrown: { told: { status: 503, body: { message: 'busy' } } } });
    expect(await collecting(...half, { type: 'error', error: 'odd' })).toMatchObject({ content });
    const megabyte = say('0', 'x'.repeat(1024 * 1024));
    expect(await collecting(...half, ...Array(9).fill(megabyte))).toMatchObject({ thrown: { name: 'ReplyTooLarge' } });
  });
});

const id = 'bedrock/meta.llama3-3-70b-instruct-v1:0';
const framed = (...frames: Buffer[]) =>
  rawModel(id, (response) =>
    response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' }).end(Buffer.concat(frames)),
  );
const delta = (piece: unknown) => awsFrame('contentBlockDelta', { contentBlockIndex: 0, delta: piece });
const usage = { inputTokens: 100, outputTokens: 10, totalTokens: 110 };
const end = (stopReason: string) => [awsFrame('messageStop', { stopReason }), awsFrame('metadata', { usage })];

describe('a streamed reply of Bedrock', () => {
  it('keeps good text beside a block of an unknown kind', async () => {
    const { model } = await framed(delta({ someNews: { of: 2027 } }), delta({ text: 'Done.' }), ...end('end_turn'));
    expect(await model(ask, signal)).toMatchObject({
      content: [{ text: 'Done.' }],
      finish: 'stop',
      usage: { inputTokens: 100, outputTokens: 10 },
    });
  });

  it('keeps a thought and its signature whose block began without saying of which kind it is', async () => {
    const { model } = await framed(
      awsFrame('contentBlockStart', { contentBlockIndex: 0, start: {} }),
      delta({ reasoningContent: { text: 'Hm.' } }),
      delta({ reasoningContent: { signature: 's' } }),
      awsFrame('contentBlockStop', { contentBlockIndex: 0 }),
      awsFrame('contentBlockDelta', { contentBlockIndex: 1, delta: { text: 'Done.' } }),
      ...end('end_turn'),
    );
    const signed = { amazonBedrock: { signature: 's' } };
    expect((await model(ask, signal)).content).toEqual([
      { type: 'reasoning', text: 'Hm.', providerOptions: signed },
      { type: 'text', text: 'Done.' },
    ]);
  });

  it.each([
    ['model_context_window_exceeded', 'context'],
    ['malformed_tool_use', 'broken'],
    ['exploded', 'other'],
  ])('ends by %s as %s', async (word, finish) => {
    const { model } = await framed(delta({ text: 'Half' }), ...end(word));
    expect((await model(ask, signal)).finish).toBe(finish);
  });

  it.each([
    ['without an end', Buffer.alloc(0), 'ModelUnavailable'],
    ['inside a frame', delta({ text: 'more' }).subarray(0, 20), 'ModelUnavailable'],
    ['with a throttle', awsFrame('throttlingException', { message: 'slow' }, 'exception'), 'ModelThrottled'],
    ['with a refusal', awsFrame('validationException', { message: 'bad' }, 'exception'), 'InvalidPrompt'],
  ])('that stops %s is a failure with what it used', async (_, last, name) => {
    const { model } = await framed(delta({ text: 'Half' }), last);
    expect(await failureOf(model(ask, signal))).toMatchObject({ name, usage: { outputTokens: 1, estimated: true } });
  });

  it('never has a number of its arguments changed', async () => {
    const args = '{"at":1234567890123456789}';
    const { model } = await framed(
      awsFrame('contentBlockStart', { contentBlockIndex: 0, start: { toolUse: { toolUseId: 'a', name: 'look' } } }),
      delta({ toolUse: { input: args } }),
      awsFrame('contentBlockStop', { contentBlockIndex: 0 }),
      ...end('tool_use'),
    );
    expect((await model(ask, signal)).content).toMatchObject([{ input: args }]);
  });
});
