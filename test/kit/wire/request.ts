import { signature } from './anthropic-reply.ts';

/** JSON of any fields: requests here are often deliberately wrong. */
export type Fields = Record<string, unknown>;

export const headers = {
  'x-api-key': 'test-key',
  'anthropic-version': '2023-06-01',
  'content-type': 'application/json',
};
export const hello = { role: 'user', content: 'hello' };
/** The smallest request the server accepts. */
export const good: Fields = { model: 'claude-haiku-4-5', max_tokens: 1024, messages: [hello] };
export const without = (fields: Fields, key: string): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => name !== key));

export const user = (...content: unknown[]) => ({ role: 'user', content });
export const assistant = (...content: unknown[]) => ({ role: 'assistant', content });
export const text = (words: string, more: Fields = {}) => ({ type: 'text', text: words, ...more });
export const use = (id: string, more: Fields = {}) => ({ type: 'tool_use', id, name: 'look', input: {}, ...more });
export const result = (id: string, more: Fields = {}) => ({
  type: 'tool_result',
  tool_use_id: id,
  content: 'ok',
  ...more,
});
export const thought = { type: 'thinking', thinking: 'hm', signature: signature('hm') };
export const look = { name: 'look', description: 'looks', input_schema: { type: 'object', properties: {} } };
export const marked = { cache_control: { type: 'ephemeral' } };

/** A valid request with these messages. */
export const says = (...messages: unknown[]): Fields => ({ ...good, messages });
/** A valid request with these tools. */
export const has = (...tools: unknown[]): Fields => ({ ...good, tools });
