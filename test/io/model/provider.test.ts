import {
  APICallError,
  type LanguageModelV4CallOptions,
  type LanguageModelV4Prompt,
  type LanguageModelV4StreamPart,
} from '@ai-sdk/provider';
import { describe, expect, it } from 'vitest';
import { type Asked, type Provided, providedModel } from '../../../lib/io/model/provider.ts';
import { failureOf } from '../../kit/failure-of.ts';
import { ask, signal } from '../../kit/open-model.ts';

const now = () => new Date('2026-11-22T07:00:00Z');
const price = async () => () => 7;
const usage = {
  inputTokens: { total: 3, noCache: 3, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 1, text: 1, reasoning: undefined },
};
const parts: LanguageModelV4StreamPart[] = [
  { type: 'stream-start', warnings: [{ type: 'other', message: 'odd' }] },
  { type: 'text-start', id: '1' },
  { type: 'text-delta', id: '1', delta: 'Do' },
  { type: 'text-delta', id: '1', delta: 'ne.' },
  { type: 'text-end', id: '1' },
  { type: 'finish', finishReason: { unified: 'stop', raw: 'end_turn' }, usage },
];
const streamOf = (list: LanguageModelV4StreamPart[]) => ({ stream: ReadableStream.from(list) as never });

type Answer = (options: LanguageModelV4CallOptions) => Promise<ReturnType<typeof streamOf>>;

/** A model of a provider that answers like this, the calls that it received, and its warnings. */
const providing = (answer: Answer, more: Partial<Provided> = {}, asks: Asked = {}) => {
  const asked: LanguageModelV4CallOptions[] = [];
  const warnings: string[] = [];
  const doStream = (options: LanguageModelV4CallOptions) => {
    asked.push(options);
    return answer(options);
  };
  const provided: Provided = {
    model: () => ({ doStream }),
    call: () => ({}),
    typed: () => ({}),
    cache: undefined,
    secrets: [],
    ...more,
  };
  const warn = (warning: string) => warnings.push(warning);
  return { asked, warnings, model: providedModel('anthropic/x', provided, asks, { price, now, warn }) };
};

const refusing = (message: string, statusCode = 429) =>
  new APICallError({ message, url: 'https://x', requestBodyValues: {}, statusCode, responseBody: message });

describe('a model of a provider', () => {
  it('sends one call and returns its reply with its cost, and tells the warnings once', async () => {
    const cache = { anthropic: { cacheControl: { type: 'ephemeral' } } };
    const { asked, warnings, model } = providing(async () => streamOf(parts), { cache });
    expect(await model(ask, signal)).toMatchObject({ content: [{ text: 'Done.' }], finish: 'stop', usage: { usd: 7 } });
    expect(asked).toHaveLength(1);
    expect(asked[0]?.abortSignal).toBe(signal);
    expect(asked[0]?.prompt.at(-1)?.providerOptions).toBe(cache);
    await model(ask, signal);
    expect(warnings).toEqual(['other: odd']);
  });

  it('throws a refusal by name and does not call again', async () => {
    const secrets = ['sk-very-secret'];
    const { asked, model } = providing(() => Promise.reject(refusing('the key sk-very-secret is busy')), { secrets });
    const failure = await failureOf(model(ask, signal));
    expect(failure).toMatchObject({ name: 'ModelThrottled', message: expect.stringContaining('[secret]') });
    expect(asked).toHaveLength(1);
  });

  it('sends nothing if the signal has aborted', async () => {
    const { asked, model } = providing(async () => streamOf(parts));
    const reason = new Error('out of time');
    await expect(model(ask, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(asked).toEqual([]);
  });

  it('rejects with the reason of the signal if it aborts during the call, and tells what was used', async () => {
    const aborted = new AbortController();
    const reason = new Error('out of time');
    const used: unknown[] = [];
    const half = async function* () {
      yield* parts.slice(0, 4);
      aborted.abort(reason);
      throw new DOMException('This operation was aborted', 'AbortError');
    };
    const { model } = providing(async () => ({ stream: ReadableStream.from(half()) as never }));
    await expect(model(ask, aborted.signal, (usage) => used.push(usage))).rejects.toBe(reason);
    expect(used).toEqual([expect.objectContaining({ outputTokens: 2, usd: null, estimated: true })]);
  });

  it('fails with what was used where the stream breaks off after it began', async () => {
    for (const list of [parts.slice(0, 4), [...parts.slice(0, 4), { type: 'error', error: new Error('x') } as const]]) {
      const { model } = providing(async () => streamOf(list));
      expect(await failureOf(model(ask, signal))).toMatchObject({
        name: 'ModelUnavailable',
        usage: { outputTokens: 2, estimated: true },
      });
    }
    const { model } = providing(() => Promise.reject(refusing('no', 500)));
    expect((await failureOf(model(ask, signal))).usage).toBeUndefined();
  });

  it('asks for so many tokens and for an answer that fits', async () => {
    const result = { type: 'object' };
    const { asked, model } = providing(async () => streamOf(parts), {}, { outputTokens: 5, result });
    await model(ask, signal);
    expect(asked[0]).toMatchObject({ maxOutputTokens: 5, responseFormat: { type: 'json', schema: result } });
    const untyped = providing(async () => streamOf(parts), { typed: () => undefined }, { result });
    await untyped.model(ask, signal);
    expect(untyped.asked[0]).not.toHaveProperty('responseFormat');
  });

  it('asks a server that refuses these once more without them, and then always so', async () => {
    const strict: Answer = async ({ maxOutputTokens }) => {
      if (maxOutputTokens !== undefined) throw refusing('too many tokens', 400);
      return streamOf(parts);
    };
    const { asked, warnings, model } = providing(strict, {}, { outputTokens: 5, result: { type: 'object' } });
    for (const _ of [1, 2]) expect(await model(ask, signal)).toMatchObject({ finish: 'stop' });
    expect(asked.map(({ maxOutputTokens }) => maxOutputTokens)).toEqual([5, undefined, undefined]);
    expect(asked[1]).not.toHaveProperty('responseFormat');
    expect(warnings.join()).toContain('refuses a limit of tokens');
    expect(warnings.join()).not.toContain('too many tokens');
  });

  it('asks a server that refuses thoughts once more without them', async () => {
    const call = () => ({
      prompt: (prompt: LanguageModelV4Prompt, extras: boolean) => (extras ? [...prompt, ...prompt] : prompt),
    });
    const strict: Answer = async ({ prompt }) => {
      if (prompt.length > 2) throw refusing('no thoughts', 422);
      return streamOf(parts);
    };
    const { asked, model } = providing(strict, { call });
    await model(ask, signal);
    expect(asked.map(({ prompt }) => prompt.length)).toEqual([4, 2]);
  });

  it('throws the first refusal where the plain call is refused too', async () => {
    let calls = 0;
    const { model } = providing(() => Promise.reject(refusing(`no ${++calls}`, 400)), {}, { outputTokens: 5 });
    expect(await failureOf(model(ask, signal))).toMatchObject({
      name: 'InvalidPrompt',
      message: expect.stringContaining('no 1'),
    });
    expect(calls).toBe(2);
  });
});
