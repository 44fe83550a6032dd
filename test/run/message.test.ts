import { describe, expect, it } from 'vitest';
import { AssistantMessage, ToolMessage, textOf, toolCalls, UserMessage } from '../../lib/run/message.ts';

const call = { type: 'tool-call', toolCallId: 'c1', toolName: 'http_get', input: {} };
const text = { type: 'text', text: 'Hello' };
const said = (...content: unknown[]) => AssistantMessage.safeParse({ role: 'assistant', content }).success;
const told = (...content: unknown[]) => ToolMessage.safeParse({ role: 'tool', content }).success;
const result = (output: unknown, more = {}) => ({
  type: 'tool-result',
  toolCallId: 'c1',
  toolName: 'http_get',
  output,
  ...more,
});

describe('a message', () => {
  it.each(['', ' ', '\n\t', '\u00a0', '\u2003', '\ufeff'])('never has a blank text: %j', (blank) => {
    expect(UserMessage.safeParse({ role: 'user', content: blank }).success).toBe(false);
    expect(said({ type: 'text', text: blank }, call)).toBe(false);
    expect(told(result({ type: 'text', value: blank }))).toBe(false);
    expect(said({ ...call, toolCallId: blank })).toBe(false);
    expect(said({ ...call, toolName: blank })).toBe(false);
  });

  it('of the model has text or a tool call, not reasoning alone', () => {
    const thought = { type: 'reasoning', text: '' };
    expect(said()).toBe(false);
    expect(said(thought)).toBe(false);
    expect(said(thought, text)).toBe(true);
    expect(said(call)).toBe(true);
  });

  it('of a tool has a result as text', () => {
    expect(told()).toBe(false);
    expect(told(result({ type: 'text', value: 'ok' }))).toBe(true);
    expect(told(result({ type: 'error-text', value: 'no' }))).toBe(true);
    expect(told(result({ type: 'json', value: {} }))).toBe(false);
  });

  it('has tool arguments that are a JSON object', () => {
    for (const input of [null, [], 'x', 1, { n: Number.POSITIVE_INFINITY }, { f: undefined }])
      expect(said({ ...call, input })).toBe(false);
    expect(said({ ...call, input: { a: [1, { b: null }] } })).toBe(true);
  });

  it('rejects unknown fields and content types', () => {
    expect(said({ ...text, colour: 'red' })).toBe(false);
    expect(told(result({ type: 'text', value: 'ok' }, { isError: true }))).toBe(false);
    expect(said({ type: 'image', image: 'x' })).toBe(false);
  });

  it('has ordered tool calls, and text without them', () => {
    const message = AssistantMessage.parse({
      role: 'assistant',
      content: [text, { ...call, toolCallId: 'c2' }, { type: 'text', text: ' world' }, call],
    });
    expect(toolCalls(message).map(({ toolCallId }) => toolCallId)).toEqual(['c2', 'c1']);
    expect(textOf(message)).toBe('Hello world');
  });
});
