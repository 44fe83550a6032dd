import { describe, expect, it } from 'vitest';
import { callOf } from '../../../lib/io/model/call.ts';
import type { Message } from '../../../lib/run/message.ts';

const cache = { anthropic: { cacheControl: { type: 'ephemeral' } } };
const call = { toolCallId: 'c1', toolName: 'look' };
const messages: Message[] = [
  { role: 'user', content: 'Go.' },
  { role: 'assistant', content: [{ type: 'tool-call', ...call, input: {} }] },
  { role: 'tool', content: [{ type: 'tool-result', ...call, output: { type: 'text', value: 'seen' } }] },
];

describe('a call of the AI SDK', () => {
  it('has the system prompt first, then the messages with user text as a part', () => {
    const { prompt } = callOf({ system: 'Be brief.', messages, tools: [] }, undefined);
    expect(prompt).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: [{ type: 'text', text: 'Go.' }] },
      ...messages.slice(1),
    ]);
  });

  it.each([undefined, '', ' \n'])('has no system prompt for %j', (system) => {
    expect(callOf({ system, messages, tools: [] }, cache).prompt.map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'tool',
    ]);
  });

  it('marks the system prompt and the last message for the cache, and no other', () => {
    const { prompt } = callOf({ system: 'Be brief.', messages, tools: [] }, cache);
    expect(prompt.map(({ providerOptions }) => providerOptions)).toEqual([cache, undefined, undefined, cache]);
    expect(messages.every((message) => !('providerOptions' in message))).toBe(true);
  });

  it('has the tools as functions, and no list of tools if there are none', () => {
    const look = { name: 'look', description: 'Looks.', inputSchema: { type: 'object' } };
    expect(callOf({ system: undefined, messages, tools: [look] }, cache).tools).toEqual([
      { type: 'function', ...look },
    ]);
    expect(callOf({ system: undefined, messages, tools: [] }, cache)).not.toHaveProperty('tools');
  });

  it('is well-formed text where the request is not', () => {
    const { prompt } = callOf(
      { system: 'a\ud800', messages: [{ role: 'user', content: '\udc00b' }], tools: [] },
      cache,
    );
    expect(prompt).toMatchObject([{ content: 'a\ufffd' }, { content: [{ text: '\ufffdb' }] }]);
  });
});
