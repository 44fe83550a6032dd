import { expect, test } from 'vitest';
import type { Hop } from '../../../lib/io/web/hop.ts';
import { signedV4 } from '../../../lib/io/web/sigv4.ts';

// The example of "Create a signed AWS API request" in the IAM guide uses this key and instant.
const identity = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const signing = { service: 'execute-api', region: 'us-east-1', identity, now: new Date('2015-08-30T12:36:00Z') };
const hop = (more: Partial<Hop> = {}): Hop => ({
  method: 'GET',
  url: new URL('https://example.amazonaws.test/prod/items?b=2&a=1&a=0'),
  headers: {},
  body: undefined,
  ...more,
});

const signatureOf = async (more: Partial<Hop> = {}) => (await signedV4(hop(more), signing)).headers.authorization;

test('a request is signed for its service, Region and day, and keeps its URL', async () => {
  const signed = await signedV4(hop(), signing);
  expect(signed.headers.authorization).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20150830\/us-east-1\/execute-api\/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=[0-9a-f]{64}$/,
  );
  expect(signed.headers).toMatchObject({ 'x-amz-date': '20150830T123600Z' });
  expect(signed.headers).not.toHaveProperty('host');
  expect(signed.url.href).toBe(hop().url.href);
});

test('the signature covers method, path, query, and body', async () => {
  const all = await Promise.all([
    signatureOf(),
    signatureOf({ method: 'DELETE' }),
    signatureOf({ url: new URL('https://example.amazonaws.test/prod/other?b=2&a=1&a=0') }),
    signatureOf({ url: new URL('https://example.amazonaws.test/prod/items?b=2&a=1') }),
    signatureOf({ method: 'POST', body: '{}' }),
    signatureOf({ method: 'POST', body: '{"a":1}' }),
  ]);
  expect(new Set(all).size).toBe(all.length);
  expect(await signatureOf()).toBe(all[0]);
});

test('a temporary identity sends its session token', async () => {
  const signed = await signedV4(hop(), { ...signing, identity: { ...identity, sessionToken: 'token' } });
  expect(signed.headers['x-amz-security-token']).toBe('token');
});
