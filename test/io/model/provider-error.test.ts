import { describe, expect, it } from 'vitest';
import { failureOfError, providerError } from '../../../lib/io/model/provider-error.ts';

describe('what a provider says about an error', () => {
  it.each([
    ['{"error":{"message":"no","type":"t","code":"c"}}', 'no'],
    ['{"error":"no"}', 'no'],
    ['{"message":"no"}', 'no'],
    ['{"Message":"no"}', 'no'],
    ['{"detail":"no"}', 'no'],
    ['{"detail":[{"loc":["body"],"msg":"no"}]}', 'no'],
    ['{"detail":{"error":{"message":"no"}}}', 'no'],
    ['{"errors":[{"message":"no"}]}', 'no'],
    ['[{"error":{"code":400,"message":"no"}}]', 'no'],
    ['"no"', 'no'],
    ['no\nmodel ', 'no model'],
    ['<html><head><style>b{}</style></head><body><h1>no</h1>model</body></html>', 'no model'],
    ['', ''],
    ['{}', ''],
    ['{"error":{"message":null}}', ''],
  ])('is found in %s', (body, words) => {
    expect(providerError(body).words).toBe(words);
  });

  it('has the codes and the status that the provider gives', () => {
    const body = { error: { code: '503', type: 'server_error', status: 'UNAVAILABLE' }, __type: 'com.amazon#X' };
    expect(providerError(body)).toMatchObject({ codes: ['503', 'server_error', 'UNAVAILABLE', 'X'], status: 503 });
    expect(providerError('{"error":{"code":"none"}}').status).toBeUndefined();
  });

  it('is read quickly from a page of open tags', () => {
    const startedAt = performance.now();
    for (const page of ['<style>'.repeat(200_000), '<'.repeat(1_000_000)]) providerError(page);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});

describe('the failure of an error', () => {
  const byStatus = (status: number) => (status === 429 ? 'ModelThrottled' : 'InvalidPrompt');
  const failure = (status: number, code: string) =>
    failureOfError(providerError({ error: { code } }), status, byStatus);

  it('follows from the status, unless a code says that a throttle has no end, or that the model or the key is unknown', () => {
    expect(failure(429, 'rate_limit_exceeded')).toBe('ModelThrottled');
    expect(failure(429, 'insufficient_quota')).toBe('Unauthorized');
    expect(failure(400, 'model-not-found')).toBe('UnknownModel');
    expect(failure(400, 'no_db_connection')).toBe('Unauthorized');
    expect(failure(400, 'overloaded_error')).toBe('InvalidPrompt');
  });

  it('that came in a good answer follows from its code, else from the status in it', () => {
    expect(failure(200, 'ThrottlingException')).toBe('ModelThrottled');
    expect(failure(200, '429')).toBe('ModelThrottled');
    expect(failure(200, 'odd')).toBe('ModelUnavailable');
  });
});
