import { afterEach, describe, expect, it } from 'vitest';
import { bedrockModel } from '../../kit/model-servers.ts';
import { answered, ask, closing, opened, sent, signal } from '../../kit/open-model.ts';

const { on, all } = closing();
afterEach(all);

describe('a Bedrock model', () => {
  it("is called with the Lambda's credentials, at its own path", async () => {
    const server = on(await bedrockModel([{ text: 'a' }]));
    await (await opened(server))(ask, signal);
    const request = server.requests[0];
    expect(request?.path).toBe('/model/eu.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse-stream');
    expect(request?.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/bedrock\/aws4_request, /,
    );
    expect(request?.headers['x-amz-security-token']).toBe('aws-very-secret-session-token');
  });

  it('is called with a bearer key where one is set', async () => {
    const server = on(await bedrockModel([{ text: 'a' }]));
    await (await opened(server, { secrets: { AWS_BEARER_TOKEN_BEDROCK: 'bearer-key' } }))(ask, signal);
    expect(server.requests[0]?.headers.authorization).toBe('Bearer bearer-key');
  });

  it('requires a Region', async () => {
    const server = on(await bedrockModel([]));
    await expect(opened(server, { env: { ...server.env, AWS_REGION: '' } })).rejects.toMatchObject({
      name: 'UnknownModel',
      message: expect.stringContaining('AWS_REGION'),
    });
  });

  it.each([
    ['eu.anthropic.claude-haiku-4-5-20251001-v1:0', true],
    ['anthropic.claude-3-7-sonnet-20250219-v1:0', true],
    ['anthropic.claude-3-5-haiku-20241022-v1:0', true],
    ['anthropic.claude-3-5-sonnet-20240620-v1:0', false],
    ['anthropic.claude-3-haiku-20240307-v1:0', false],
    ['us.amazon.nova-lite-v1:0', false],
    ['meta.llama3-3-70b-instruct-v1:0', false],
  ])('gets cache points only if it supports them: %s', async (model, cached) => {
    const server = on(await bedrockModel([{ text: 'a' }]));
    await (await opened(server, { id: `bedrock/${model}` }))(ask, signal);
    const point = { cachePoint: { type: 'default' } };
    const { system, messages } = sent(server, 0);
    expect(system).toEqual([{ text: 'Be brief.' }, ...(cached ? [point] : [])]);
    expect(messages[0].content).toEqual([{ text: 'Go.' }, ...(cached ? [point] : [])]);
  });

  it('gets its reasoning back unchanged, once', async () => {
    const server = on(await bedrockModel([{ thinking: 'Hm.', calls: [{ name: 'a', input: {} }] }, { text: 'Done.' }]));
    const model = await opened(server);
    const reply = await model(ask, signal);
    expect(JSON.stringify(reply.content).split('sig-of-the-thought')).toHaveLength(2);
    await model({ ...ask, messages: answered(reply) }, signal);
    expect(sent(server, 1).messages[1].content[0]).toEqual({
      reasoningContent: { reasoningText: { text: 'Hm.', signature: 'sig-of-the-thought' } },
    });
  });

  it('has the price of its inference profile', async () => {
    const usage = { input_tokens: 1_000_000, output_tokens: 1 };
    const model = await opened(on(await bedrockModel([{ text: 'a', usage }])));
    expect((await model(ask, signal)).usage.usd).toBeCloseTo(1.1, 4);
  });
});
