import { describe, expect, it } from 'vitest';
import { type Generated, replyOf } from '../../../lib/io/model/provider-reply.ts';
import { noUsage } from '../../../lib/usage.ts';

const reply = (content: Generated['content'], raw = 'stop') =>
  replyOf({ content, finishReason: { unified: 'stop', raw }, usage: noUsage });
const called = (input: string) => ({ type: 'tool-call' as const, toolCallId: 'c1', toolName: 'look', input });

describe('a reply of the AI SDK', () => {
  it('keeps texts, thoughts and calls in their order, with the options that the next request needs', () => {
    const signed = { anthropic: { signature: 'sig' } };
    const thought = { type: 'reasoning' as const, text: 'Hm.', providerMetadata: signed };
    expect(reply([thought, { type: 'text', text: 'I look.' }, called('{"at":1}')]).content).toEqual([
      { type: 'reasoning', text: 'Hm.', providerOptions: signed },
      { type: 'text', text: 'I look.' },
      { type: 'tool-call', toolCallId: 'c1', toolName: 'look', input: { at: 1 } },
    ]);
  });

  it('drops blank texts and blank thoughts, but keeps a redacted thought', () => {
    const redacted = { anthropic: { redactedData: 'c2Vj' } };
    const blank = [
      { type: 'text' as const, text: ' \n' },
      { type: 'reasoning' as const, text: '' },
    ];
    expect(reply([...blank, { type: 'reasoning', text: '', providerMetadata: redacted }]).content).toEqual([
      { type: 'reasoning', text: '', providerOptions: redacted },
    ]);
  });

  it('drops calls that the provider has executed itself, and parts that no request asks for', () => {
    const source = { type: 'source' as const, sourceType: 'url' as const, id: 's', url: 'https://example.com' };
    expect(reply([{ ...called('{}'), providerExecuted: true }, source])).toMatchObject({ content: [], finish: 'stop' });
  });

  it("drops Bedrock's options under their old name", () => {
    const part = { type: 'text' as const, text: 'a' };
    expect(reply([{ ...part, providerMetadata: { bedrock: { a: 1 }, amazonBedrock: { a: 1 } } }]).content).toEqual([
      { ...part, providerOptions: { amazonBedrock: { a: 1 } } },
    ]);
    expect(reply([{ ...part, providerMetadata: { bedrock: { a: 1 } } }]).content).toEqual([part]);
  });

  it.each([
    ['', {}],
    [' ', {}],
    ['[1]', [1]],
    ['{"url": "http', '{"url": "http'],
    ['{"id":1234567890123456789}', '{"id":1234567890123456789}'],
  ])('has arguments %j as JSON, and as text where they are none', (text, input) => {
    expect(reply([called(text)]).content[0]).toHaveProperty('input', input);
  });
});
