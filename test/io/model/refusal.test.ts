import { inspect } from 'node:util';
import { APICallError } from '@ai-sdk/provider';
import { describe, expect, it } from 'vitest';
import { refusal, ToldError } from '../../../lib/io/model/refusal.ts';
import { noUsage } from '../../../lib/usage.ts';

const now = new Date('2026-11-22T07:00:00Z');
const key = 'sk-ant-very-secret';

/** The failure of a response with this status. */
const refused = (
  statusCode: number | undefined,
  more: { message?: string; responseHeaders?: Record<string, string>; cause?: unknown } = {},
  secrets = [key],
) => {
  const request = { url: 'https://api.anthropic.com', requestBodyValues: { prompt: 'a private prompt' } };
  const responseBody = JSON.stringify({ error: { message: more.message ?? 'no' } });
  const error = new APICallError({ message: 'a private prompt', responseBody, ...request, statusCode, ...more });
  return refusal('anthropic/x', error, { secrets, now });
};

describe('the failure of a refused call', () => {
  it.each([
    [400, 'InvalidPrompt'],
    [401, 'Unauthorized'],
    [402, 'Unauthorized'],
    [403, 'Unauthorized'],
    [404, 'UnknownModel'],
    [408, 'ModelUnavailable'],
    [409, 'ModelUnavailable'],
    [410, 'UnknownModel'],
    [413, 'InvalidPrompt'],
    [422, 'InvalidPrompt'],
    [424, 'ModelUnavailable'],
    [425, 'ModelUnavailable'],
    [429, 'ModelThrottled'],
    [499, 'InvalidPrompt'],
    [200, 'ModelUnavailable'],
    [500, 'ModelUnavailable'],
    [529, 'ModelUnavailable'],
  ])('follows from the HTTP status: %i is %s', (status, name) => {
    const failure = refused(status);
    expect(failure).toMatchObject({ name, message: expect.stringMatching(`^anthropic/x: ${status} `) });
  });

  it('quotes the provider, but not a good answer that could not be read, which is the reply', () => {
    for (const status of [302, 400, 500]) expect(refused(status, { message: 'quoted' }).message).toContain('quoted');
    expect(refused(200, { message: 'quoted' }).message).toBe('anthropic/x: 200 the response is incomplete or invalid');
  });

  it.each([
    [{ status: 200, body: { error: { type: 'overloaded_error', message: 'busy' } } }, 'ModelUnavailable', '200 busy'],
    [{ status: 200, body: { error: { code: 429, message: 'slow down' } } }, 'ModelThrottled', '200 slow down'],
    [{ status: 200, body: { error: { code: 'invalid_api_key', message: 'no' } } }, 'Unauthorized', '200 no'],
    [{ status: 200, body: { error: 'exploded' } }, 'ModelUnavailable', '200 exploded'],
    [{ status: 429, body: '{"error":{"code":"insufficient_quota","message":"no money"}}' }, 'Unauthorized', '429 no'],
    [{ status: 400, body: '{"error":{"code":"model_not_found","message":"x?"}}' }, 'UnknownModel', '400 x?'],
    [{ status: 400, body: '{"message":"The provided model identifier is invalid."}' }, 'UnknownModel', '400 The'],
    [{ status: 400, body: '{"error":{"message":"Invalid model name passed in model=x"}}' }, 'UnknownModel', '400 Inv'],
    [{ status: 500, body: '{"error":{"code":"model_not_found"}}' }, 'ModelUnavailable', '500 the provider failed'],
    [{ status: 307, body: '' }, 'ModelUnavailable', '307 the server redirects'],
  ])('of a told error follows from its codes too: %j', (told, name, words) => {
    const failure = refusal('a/x', new ToldError({ headers: {}, ...told }), { secrets: [], now });
    expect(failure).toMatchObject({ name, message: expect.stringContaining(`a/x: ${words}`) });
  });

  it('carries what the call had used', () => {
    expect(refusal('a/x', new Error(), { secrets: [], now, usage: noUsage }).usage).toEqual(noUsage);
  });

  it('quotes the provider without secrets, and hides no placeholder or ordinary word', () => {
    const { message } = refused(401, { message: `the key ${key} (${key}) of ollama is wrong` }, [key, 'ollama', '']);
    expect(message).toBe('anthropic/x: 401 the key [secret] ([secret]) of ollama is wrong');
  });

  it('quotes at most 300 characters, as well-formed text', () => {
    const { message } = refused(400, { message: '🙂'.repeat(1000) });
    expect(message.length).toBeLessThanOrEqual(320);
    expect(message.isWellFormed()).toBe(true);
    expect(refused(400, { message: `x${'🙂'.repeat(1000)}` }).message.isWellFormed()).toBe(true);
  });

  it('carries the wait that the provider asks for, and none if it asks for none', () => {
    expect(refused(429, { responseHeaders: { 'retry-after': '7' } }).retryAfterSeconds).toBe(7);
    expect(refused(429).retryAfterSeconds).toBeUndefined();
  });

  it.each(['request-id', 'x-amzn-requestid', 'x-request-id'])('keeps the %s for a question to the provider', (name) => {
    expect(refused(500, { responseHeaders: { [name]: 'r-1' } }).cause).toMatchObject({ status: 500, requestId: 'r-1' });
  });

  it('holds nothing of the request', () => {
    expect(inspect(refused(400), { depth: 9, showHidden: true })).not.toContain('a private prompt');
  });
});

describe('the failure of a call without a response', () => {
  const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' });

  it('is ModelUnavailable with the code of the system, from the error or its causes', () => {
    for (const cause of [reset, new Error('outer', { cause: reset })]) {
      const failure = refused(undefined, { cause });
      expect(failure.name).toBe('ModelUnavailable');
      expect(failure.message).toBe('anthropic/x: no response (ECONNRESET)');
      expect(failure.cause).toMatchObject({ code: 'ECONNRESET' });
    }
  });

  it('is ModelUnavailable with the name of any other error, and its message stays out', () => {
    const failure = refusal('anthropic/x', new TypeError(`no ${key}`), { secrets: [key], now });
    expect(failure).toMatchObject({ name: 'ModelUnavailable', message: 'anthropic/x: no response (TypeError)' });
    expect(inspect(failure, { depth: 9 })).not.toContain(key);
    expect(refusal('anthropic/x', 'text', { secrets: [], now })).toMatchObject({ name: 'ModelUnavailable' });
  });

  it('is found also where causes go round in a circle', () => {
    const circle = new Error('a');
    circle.cause = circle;
    expect(refused(undefined, { cause: circle }).message).toMatch(/no response \(AI_APICallError\)$/);
  });
});
