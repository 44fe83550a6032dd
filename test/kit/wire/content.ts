import {
  assistant,
  type Fields,
  good,
  hello,
  look,
  marked,
  result,
  says,
  text,
  thought,
  use,
  user,
  without,
} from './request.ts';

/** The end of the sentence "refuses a request with …", the request, and the real API's message. */
export type Refused = [name: string, body: Fields, message: string];

const empty = 'all messages must have non-empty content except for the optional final assistant message';
/** Fields that the real API refuses. */
export const refusedFields: Refused[] = [
  ['no max_tokens', without(good, 'max_tokens'), 'max_tokens: Field required'],
  ['max_tokens of 0', { ...good, max_tokens: 0 }, 'max_tokens: must be greater than or equal to 1'],
  ['max_tokens that is no whole number', { ...good, max_tokens: 1.5 }, 'max_tokens: Input should be a valid integer'],
  [
    'more max_tokens than the model has',
    { ...good, max_tokens: 64_001 },
    'max_tokens: 64001 > 64000, which is the maximum allowed number of output tokens for claude-haiku-4-5',
  ],
  ['no model', without(good, 'model'), 'model: Field required'],
  ['an empty model', { ...good, model: '' }, 'model: String should have at least 1 character'],
  ['no messages', without(good, 'messages'), 'messages: Field required'],
  ['an empty list of messages', says(), 'messages: at least one message is required'],
  ['messages that are no list', { ...good, messages: 'hello' }, 'messages: Input should be a valid list'],
  ['an unknown field', { ...good, session: 'x' }, 'session: Extra inputs are not permitted'],
  ['a temperature over 1', { ...good, temperature: 1.5 }, 'temperature: must be less than or equal to 1'],
];

/** Messages and contents that the real API refuses. */
export const refusedContent: Refused[] = [
  ['the assistant first', says(assistant(text('hi'))), 'messages: first message must use the "user" role'],
  [
    'a system message among the messages',
    says({ role: 'system', content: 'be good' }, hello),
    'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, not "system" as an input message role.',
  ],
  [
    'another role',
    says(hello, { role: 'tool', content: 'x' }),
    "messages.1.role: Input should be 'user' or 'assistant'",
  ],
  ['no content', says({ role: 'user' }), 'messages.0.content: Field required'],
  ['an unknown field of a message', says({ ...hello, id: 'm1' }), 'messages.0.id: Extra inputs are not permitted'],
  ['an empty text', says(user(text(''))), 'messages.0.content.0.text.text: Field required'],
  ['a text block without text', says(user({ type: 'text' })), 'messages.0.content.0.text.text: Field required'],
  [
    'an empty text later on, by its indexes',
    says(hello, assistant(text('hi')), user(text('so'), text(''))),
    'messages.2.content.1.text.text: Field required',
  ],
  [
    'an empty text beside a tool call',
    says(hello, assistant(text(''), use('t1')), user(result('t1'))),
    'messages.1.content.0.text.text: Field required',
  ],
  [
    'an empty text in a tool result',
    says(hello, assistant(use('t1')), user(result('t1', { content: [text('')] }))),
    'messages.2.content.0.tool_result.content.0.text.text: Field required',
  ],
  ['a blank text', says(user(text(' \n\t'))), 'messages: text content blocks must contain non-whitespace text'],
  [
    'a blank string',
    says({ role: 'user', content: '  ' }),
    'messages: text content blocks must contain non-whitespace text',
  ],
  ['an empty string', says({ role: 'user', content: '' }), `messages.0: ${empty}`],
  ['an empty list of blocks', says(user()), `messages.0: ${empty}`],
  ['an assistant without content, not last', says(hello, assistant(), hello), `messages.1: ${empty}`],
  [
    'a last assistant text that ends in a blank',
    says(hello, assistant(text('So: '))),
    'messages: final assistant content cannot end with trailing whitespace',
  ],
  [
    'a last assistant text for a newer model',
    { ...says(hello, assistant(text('So:'))), model: 'claude-sonnet-4-6' },
    'This model does not support assistant message prefill. The conversation must end with a user message.',
  ],
  ['a block without a type', says(user({ text: 'x' })), 'messages.0.content.0.type: Field required'],
  [
    'a block of an unknown type',
    says(user({ type: 'tool-call' })),
    "messages.0.content.0: Input tag 'tool-call' found using 'type' does not match any of the expected tags: 'text' or 'image' or 'document' or 'thinking' or 'redacted_thinking' or 'tool_use' or 'tool_result'",
  ],
  [
    'an unknown field of a block',
    says(user(text('x', { id: '1' }))),
    'messages.0.content.0.text.id: Extra inputs are not permitted',
  ],
  ['an empty system block', { ...good, system: [text('')] }, 'system: text content blocks must be non-empty'],
  ['an empty system string', { ...good, system: '' }, 'system: text content blocks must be non-empty'],
  ['a blank system', { ...good, system: ' ' }, 'system: text content blocks must contain non-whitespace text'],
  [
    'an image as system',
    { ...good, system: [{ type: 'image' }] },
    "system.0: Input tag 'image' found using 'type' does not match any of the expected tags: 'text'",
  ],
  [
    'a thought without its signature',
    says(hello, assistant({ type: 'thinking', thinking: 'hm' }, text('hi')), hello),
    'messages.1.content.0.thinking.signature: Field required',
  ],
  [
    'a thought that was changed',
    says(hello, assistant({ ...thought, thinking: 'hm!' }, text('hi')), hello),
    'messages.1.content.0: Invalid `signature` in `thinking` block',
  ],
  [
    'a cache mark on an empty text',
    says(user(text('', marked))),
    'messages.0.content.0.text: cache_control cannot be set for empty text blocks',
  ],
  [
    'five cache marks',
    {
      ...says(user(text('a', marked), text('b', marked), text('c', marked))),
      system: [text('s', marked)],
      tools: [{ ...look, ...marked }],
    },
    'A maximum of 4 blocks with cache_control may be provided. Found 5.',
  ],
];
