import type { Refused } from './content.ts';
import {
  assistant,
  type Fields,
  good,
  has,
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

const unanswered = (at: number, ids: string) =>
  `messages.${at}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${ids}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`;
const unasked = (at: string, id: string) =>
  `${at}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`;

/** Tools, calls and results that the real API refuses. */
export const refusedTools: Refused[] = [
  ['a tool call without a result, at the end', says(hello, assistant(use('t1'))), unanswered(1, 't1')],
  ['a tool call answered by text only', says(hello, assistant(use('t1')), user(text('so'))), unanswered(1, 't1')],
  [
    'two of three calls without a result',
    says(hello, assistant(use('t1'), use('t2'), use('t3')), user(result('t2'))),
    unanswered(1, 't1, t3'),
  ],
  ['a result after a text', says(hello, assistant(use('t1')), user(text('here'), result('t1'))), unanswered(1, 't1')],
  [
    'a result one turn late',
    says(hello, assistant(use('t1')), hello, assistant(text('hm')), user(result('t1'))),
    unanswered(1, 't1'),
  ],
  ['a result nobody asked for', says(user(result('t9'))), unasked('messages.0.content.0', 't9')],
  [
    'a result too many',
    says(hello, assistant(use('t1')), user(result('t1'), result('t2'))),
    unasked('messages.2.content.1', 't2'),
  ],
  [
    'two results for one call',
    says(hello, assistant(use('t1')), user(result('t1'), result('t1'))),
    'messages.2.content.1: each tool_use must have a single result. Found multiple `tool_result` blocks with id: t1',
  ],
  [
    'the same id for two calls',
    says(hello, assistant(use('t1'), use('t1')), user(result('t1'))),
    'messages.1.content.1: `tool_use` ids must be unique',
  ],
  [
    'an id used again in a later turn',
    says(hello, assistant(use('t1')), user(result('t1')), assistant(use('t1')), user(result('t1'))),
    'messages.3.content.0: `tool_use` ids must be unique',
  ],
  ['a call from the user', says(user(use('t1'))), 'messages.0: `tool_use` blocks can only be in `assistant` messages'],
  [
    'a result from the assistant',
    says(hello, assistant(use('t1'), result('t1')), user(result('t1'))),
    'messages.1: `tool_result` blocks can only be in `user` messages',
  ],
  [
    'an error result without content',
    says(hello, assistant(use('t1')), user(result('t1', { content: '', is_error: true }))),
    'messages.2.content.0.tool_result: content cannot be empty if `is_error` is true',
  ],
  [
    'a call whose input is no object',
    says(hello, assistant(use('t1', { input: '{}' })), user(result('t1'))),
    'messages.1.content.0.tool_use.input: Input should be a valid dictionary',
  ],
  [
    'a call id of other characters',
    says(hello, assistant(use('t.1')), user(result('t.1'))),
    "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
  ],
  [
    'a tool name with a dot',
    has({ ...look, name: 'a.b' }),
    "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
  ],
  [
    'a tool name of 129 letters',
    has({ ...look, name: 'a'.repeat(129) }),
    "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
  ],
  ['two tools of one name', has(look, look), 'tools: Tool names must be unique.'],
  ['a tool without a schema', has(without(look, 'input_schema')), 'tools.0.custom.input_schema: Field required'],
  [
    'a schema without a type',
    has(look, { name: 'b', input_schema: {} }),
    'tools.1.custom.input_schema.type: Field required',
  ],
  [
    'a schema that is no object',
    has({ ...look, input_schema: { type: 'string' } }),
    "tools.0.custom.input_schema.type: Input should be 'object'",
  ],
  [
    'a schema that is a choice',
    has({ ...look, input_schema: { type: 'object', oneOf: [] } }),
    'tools.0.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level',
  ],
  [
    'a schema with a key of other characters',
    has({ ...look, input_schema: { type: 'object', properties: { 'a b': {} } } }),
    "tools.0.custom.input_schema.properties: Property keys should match pattern '^[a-zA-Z0-9_.-]{1,64}$'",
  ],
  [
    'a schema that is not one',
    has({ ...look, input_schema: { type: 'object', properties: { a: { type: 'text' } } } }),
    'tools.0.custom.input_schema: JSON schema is invalid. It must match JSON Schema draft 2020-12 (https://json-schema.org/draft/2020-12).',
  ],
  [
    'a tool_choice without tools',
    { ...good, tool_choice: { type: 'auto' } },
    'tool_choice: tool_choice may only be specified while providing tools',
  ],
  [
    'a tool_choice of an unknown tool',
    { ...has(look), tool_choice: { type: 'tool', name: 'b' } },
    "Tool 'b' not found in provided tools",
  ],
];

/** Requests that the real API accepts, though they look wrong. */
export const accepted: [name: string, body: Fields][] = [
  ['a plain question', good],
  ['neighbours of one role', says(hello, hello, assistant(text('a')), assistant(text('b')), hello)],
  [
    'parallel calls and their results in any order, then text',
    says(hello, assistant(text('so'), use('t1'), use('t2')), user(result('t2'), result('t1'), text('go on'))),
  ],
  [
    'results spread over neighbouring user messages',
    says(hello, assistant(use('t1'), use('t2')), user(result('t1')), user(result('t2'))),
  ],
  ['an empty result', says(hello, assistant(use('t1')), user(result('t1', { content: '' })))],
  ['an error result with its words', says(hello, assistant(use('t1')), user(result('t1', { is_error: true })))],
  ['a thought with its own signature', says(hello, assistant(thought, use('t1')), user(result('t1')))],
  ['a last assistant text for an older model', says(hello, assistant(text('So:')))],
  ['an empty last assistant message for an older model', says(hello, assistant())],
  [
    'four cache marks',
    {
      ...says(user(text('a', marked), text('b', marked))),
      system: [text('s', marked)],
      tools: [{ ...look, ...marked }],
    },
  ],
  [
    'a draft-07 schema by its name',
    has({ ...look, input_schema: { $schema: 'http://json-schema.org/draft-07/schema#', ...look.input_schema } }),
  ],
  ['a whole surrogate pair', says(user(text('\u{1f600} \\ud83d')))],
];
