import { APICallError, type LanguageModelV4CallOptions } from '@ai-sdk/provider';
import { describe, expect, it } from 'vitest';
import { type Provided, providedModel } from '../../../lib/io/model/provider.ts';
import type { Generated } from '../../../lib/io/model/provider-reply.ts';
import { failureOf } from '../../kit/failure-of.ts';
import { ask, signal } from '../../kit/open-model.ts';

const now = () => new Date('2026-11-22T07:00:00Z');
const price = async () => () => 7;
const generated: Generated = {
  content: [{ type: 'text', text: 'Done.' }],
  finishReason: { unified: 'stop', raw: 'stop' },
  usage: {
    inputTokens: { total: 3, noCache: 3, cacheRead: undefined, cacheWrite: undefined },
    outputTokens: { total: 1, text: 1, reasoning: undefined },
  },
};

/** A model of a provider that answers like this, and the calls that it received. */
const providing = (answer: () => Promise<Generated>, more: Partial<Provided> = {}) => {
  const asked: LanguageModelV4CallOptions[] = [];
  const doGenerate = (options: LanguageModelV4CallOptions) => {
    asked.push(options);
    return answer();
  };
  const provided = { model: { doGenerate }, cache: undefined, secrets: [], ...more };
  return { asked, model: providedModel('anthropic/x', provided, { price, now }) };
};

const refusing = (message: string) => async () => {
  throw new APICallError({ message, url: 'https://x', requestBodyValues: {}, statusCode: 429, responseBody: message });
};

describe('a model of a provider', () => {
  it('sends one call and returns its reply with its cost', async () => {
    const cache = { anthropic: { cacheControl: { type: 'ephemeral' } } };
    const { asked, model } = providing(async () => generated, { cache });
    expect(await model(ask, signal)).toMatchObject({ content: [{ text: 'Done.' }], finish: 'stop', usage: { usd: 7 } });
    expect(asked).toHaveLength(1);
    expect(asked[0]?.abortSignal).toBe(signal);
    expect(asked[0]?.prompt.at(-1)?.providerOptions).toBe(cache);
  });

  it('throws a refusal by name and does not call again', async () => {
    const { asked, model } = providing(refusing('the key sk-very-secret is busy'), { secrets: ['sk-very-secret'] });
    const failure = await failureOf(model(ask, signal));
    expect(failure).toMatchObject({ name: 'ModelThrottled', message: expect.stringContaining('[secret]') });
    expect(asked).toHaveLength(1);
  });

  it('sends nothing if the signal has aborted', async () => {
    const { asked, model } = providing(async () => generated);
    const reason = new Error('out of time');
    await expect(model(ask, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(asked).toEqual([]);
  });

  it('rejects with the reason of the signal if it aborts during the call', async () => {
    const aborted = new AbortController();
    const reason = new Error('out of time');
    const { model } = providing(async () => {
      aborted.abort(reason);
      throw new DOMException('This operation was aborted', 'AbortError');
    });
    await expect(model(ask, aborted.signal)).rejects.toBe(reason);
  });
});
