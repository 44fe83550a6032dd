import { describe, expect, it } from 'vitest';
import { ask, post, serve } from '../model-server.ts';
import type { AnthropicServer } from './anthropic-server.ts';
import { refusedContent, refusedFields } from './content.ts';
import { accepted, refusedTools } from './pairing.ts';
import { good, headers, says, text, user } from './request.ts';

describe('the Anthropic wire server', () => {
  describe('refuses a request with', () => {
    it.each([...refusedFields, ...refusedContent, ...refusedTools])('%s', async (_, body, message) => {
      const server = await serve();
      const response = await ask(server, body);
      expect(await response.json()).toEqual({
        type: 'error',
        error: { type: 'invalid_request_error', message },
        request_id: response.headers.get('request-id'),
      });
      expect(response.status).toBe(400);
      expect(server.requests).toMatchObject([{ body, refused: { status: 400, message }, answered: 'refused 400' }]);
    });

    const refusedWhole: [string, (server: AnthropicServer) => Promise<Response>, number, string, string][] = [
      [
        'no key',
        (s) => fetch(`${s.url}/messages`, { method: 'POST', body: '{}' }),
        401,
        'authentication_error',
        'x-api-key header is required',
      ],
      [
        'another key',
        (s) => post(s, '{}', { 'x-api-key': 'stolen' }),
        401,
        'authentication_error',
        'invalid x-api-key',
      ],
      [
        'no version',
        (s) => fetch(`${s.url}/messages`, { method: 'POST', headers: { 'x-api-key': 'test-key' }, body: '{}' }),
        400,
        'invalid_request_error',
        'anthropic-version: header is required',
      ],
      [
        'another version',
        (s) => post(s, '{}', { 'anthropic-version': '2030-01-01' }),
        400,
        'invalid_request_error',
        'anthropic-version: "2030-01-01" is not a valid version',
      ],
      [
        'another content type',
        (s) => post(s, '{}', { 'content-type': 'text/plain' }),
        400,
        'invalid_request_error',
        'content-type: must be application/json',
      ],
      [
        'a body that is no object',
        (s) => post(s, '[]'),
        400,
        'invalid_request_error',
        'Input should be a valid dictionary',
      ],
      [
        'half a surrogate pair',
        (s) => ask(s, says(user(text('\ud83d!')))),
        400,
        'invalid_request_error',
        'The request body is not valid JSON: no low surrogate in string: line 1 column 108 (char 107)',
      ],
      [
        'the other half',
        (s) => ask(s, says(user(text('\ude00')))),
        400,
        'invalid_request_error',
        'The request body is not valid JSON: invalid high surrogate in string: line 1 column 108 (char 107)',
      ],
      [
        'bytes that are not UTF-8',
        (s) => post(s, Uint8Array.of(0x22, 0xff, 0x22)),
        400,
        'invalid_request_error',
        'The request body is not valid JSON: str is not valid UTF-8: line 1 column 1 (char 0)',
      ],
      ['an unknown model', (s) => ask(s, { ...good, model: 'claude-9' }), 404, 'not_found_error', 'model: claude-9'],
      [
        'a model named like a property',
        (s) => ask(s, { ...good, model: 'toString' }),
        404,
        'not_found_error',
        'model: toString',
      ],
      [
        'another path',
        (s) => fetch(`${s.url}/complete`, { method: 'POST', headers, body: '{}' }),
        404,
        'not_found_error',
        'Not Found',
      ],
      ['another method', (s) => fetch(`${s.url}/messages`), 405, 'invalid_request_error', 'Method Not Allowed'],
    ];
    it.each(refusedWhole)('%s', async (_, send, status, type, message) => {
      const server = await serve();
      const response = await send(server);
      expect(await response.json()).toMatchObject({ type: 'error', error: { type, message } });
      expect(response.status).toBe(status);
      expect(server.requests).toMatchObject([{ refused: { status, type, message } }]);
    });

    it('text that is not JSON', async () => {
      const response = await post(await serve(), '{"model":');
      expect(response.status).toBe(400);
      expect(await response.text()).toContain('The request body is not valid JSON: ');
    });

    it('a body over the limit, and accepts a body of exactly that size', async () => {
      const body = JSON.stringify(good);
      const server = await serve({ maxBytes: body.length });
      expect((await post(server, body)).status).toBe(200);
      const response = await post(server, `${body} `);
      expect(response.status).toBe(413);
      expect(await response.json()).toMatchObject({
        error: { type: 'request_too_large', message: 'Request exceeds the maximum size' },
      });
    });
  });

  it.each(accepted)('accepts %s', async (_, body) => {
    const response = await ask(await serve(), body);
    expect(await response.json()).toMatchObject({ type: 'message', content: [text('Done.')], stop_reason: 'end_turn' });
  });
});
