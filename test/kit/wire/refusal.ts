import type { IncomingMessage } from 'node:http';
import { signature } from './anthropic-reply.ts';
import { type Block, type Shaped, shape } from './shape.ts';

type Refusal = { status: number; type: string; message: string };

/** The model's limit of output tokens, and whether a conversation may end with the start of its answer. */
export type WireModel = { maxTokens: number; prefill: boolean };

/** The models, limits and keys that the server accepts. */
type House = { key: string; models: Record<string, WireModel>; maxBytes: number };

type Asked = Pick<IncomingMessage, 'method' | 'url' | 'headers'>;

const invalid = (message: string): Refusal => ({ status: 400, type: 'invalid_request_error', message });
const unauthorized = (message: string): Refusal => ({ status: 401, type: 'authentication_error', message });

const refusedEarly = ({ method, url, headers }: Asked, house: House): Refusal | undefined => {
  if (url?.split('?')[0] !== '/v1/messages') return { status: 404, type: 'not_found_error', message: 'Not Found' };
  if (method !== 'POST') return { status: 405, type: 'invalid_request_error', message: 'Method Not Allowed' };
  if (headers['x-api-key'] === undefined) return unauthorized('x-api-key header is required');
  if (headers['x-api-key'] !== house.key) return unauthorized('invalid x-api-key');
  const version = headers['anthropic-version'];
  if (version === undefined) return invalid('anthropic-version: header is required');
  if (version !== '2023-06-01') return invalid(`anthropic-version: "${version}" is not a valid version`);
  if (!/^application\/json\b/i.test(headers['content-type'] ?? '')) {
    return invalid('content-type: must be application/json'); // status and text approximated
  }
  return undefined;
};

/** JSON's escapes: any but \u, a whole surrogate pair, then the invalid one: half a pair. */
const escapes = /\\[^u]|\\ud[89ab]..\\ud[c-f]..|(?<high>\\ud[89ab]..)|(?<low>\\ud[c-f]..)/gi;

const loneSurrogate = (json: string): string | undefined => {
  for (const { groups, index } of json.matchAll(escapes)) {
    if (groups?.high) return `no low surrogate in string: line 1 column ${index + 1} (char ${index})`;
    if (groups?.low) return `invalid high surrogate in string: line 1 column ${index + 1} (char ${index})`;
  }
  return undefined;
};

const notJson = (detail: string): { refused: Refusal } => ({
  refused: invalid(`The request body is not valid JSON: ${detail}`),
});

const readJson = (bytes: Buffer): { refused: Refusal } | { refused?: undefined; body: unknown } => {
  const raw = bytes.toString('utf8');
  if (!Buffer.from(raw, 'utf8').equals(bytes)) return notJson('str is not valid UTF-8: line 1 column 1 (char 0)');
  const lone = loneSurrogate(raw);
  if (lone !== undefined) return notJson(lone);
  try {
    return { body: JSON.parse(raw) };
  } catch (error) {
    return notJson(error instanceof Error ? error.message : 'unexpected character'); // the detail is V8's
  }
};

type Turn = { role: string; at: number; blocks: { block: Block; at: string }[] };

/** The conversation as the model gets it: adjacent messages of one role are one turn. */
const turns = (messages: Shaped['messages']): Turn[] => {
  const merged: Turn[] = [];
  for (const [i, { role, content }] of messages.entries()) {
    const blocks = content.map((block, j) => ({ block, at: `messages.${i}.content.${j}` }));
    const last = merged.at(-1);
    if (last?.role === role) last.blocks.push(...blocks);
    else merged.push({ role, at: i, blocks });
  }
  return merged;
};

const emptyOrBlank = ({ messages, system }: Shaped): string | undefined => {
  if (messages.length === 0) return 'messages: at least one message is required';
  if (messages[0]?.role !== 'user') return 'messages: first message must use the "user" role';
  const empty = messages.findIndex(
    ({ role, content }, i) => content.length === 0 && !(i === messages.length - 1 && role === 'assistant'),
  );
  if (empty >= 0) {
    return `messages.${empty}: all messages must have non-empty content except for the optional final assistant message`;
  }
  const isBlank = (block: Block) => block.type === 'text' && String(block.text).trim() === '';
  if (system.some(isBlank)) return 'system: text content blocks must contain non-whitespace text';
  if (messages.some(({ content }) => content.some(isBlank))) {
    return 'messages: text content blocks must contain non-whitespace text';
  }
  return undefined;
};

const misplaced = (turn: Turn): string | undefined => {
  const wrongHere = turn.blocks.find(({ block }) =>
    turn.role === 'user'
      ? ['tool_use', 'thinking', 'redacted_thinking'].includes(block.type)
      : ['tool_result', 'image', 'document'].includes(block.type),
  );
  if (wrongHere === undefined) return undefined;
  return `messages.${turn.at}: \`${wrongHere.block.type}\` blocks can only be in \`${turn.role === 'user' ? 'assistant' : 'user'}\` messages`;
};

const leadingResults = (turn: Turn | undefined): unknown[] => {
  const end = turn?.blocks.findIndex(({ block }) => block.type !== 'tool_result') ?? 0;
  return (turn?.blocks ?? []).slice(0, end < 0 ? undefined : end).map(({ block }) => block.tool_use_id);
};

const unanswered = (turn: Turn, next: Turn | undefined): string | undefined => {
  const answered = leadingResults(next);
  const missing = turn.blocks.flatMap(({ block }) =>
    block.type === 'tool_use' && !answered.includes(block.id) ? [block.id] : [],
  );
  if (missing.length === 0) return undefined;
  return `messages.${turn.at}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${missing.join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`;
};

const unasked = (turn: Turn, previous: Turn | undefined): string | undefined => {
  const asked = new Set(previous?.blocks.flatMap(({ block }) => (block.type === 'tool_use' ? [block.id] : [])));
  const seen = new Set<unknown>();
  for (const { block, at } of turn.blocks) {
    if (block.type !== 'tool_result') continue;
    const id = block.tool_use_id;
    if (!asked.has(id)) {
      return `${at}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`;
    }
    if (seen.has(id)) {
      return `${at}: each tool_use must have a single result. Found multiple \`tool_result\` blocks with id: ${id}`;
    }
    seen.add(id);
    if (block.is_error && (block.content === undefined || String(block.content) === '')) {
      return `${at}.tool_result: content cannot be empty if \`is_error\` is true`;
    }
  }
  return undefined;
};

const brokenToolPairs = (conversation: Turn[]): string | undefined => {
  const ids = new Set<unknown>();
  for (const [i, turn] of conversation.entries()) {
    for (const { block, at } of turn.blocks) {
      if (block.type !== 'tool_use') continue;
      if (ids.has(block.id)) return `${at}: \`tool_use\` ids must be unique`;
      ids.add(block.id);
    }
    const found = misplaced(turn) ?? unanswered(turn, conversation[i + 1]) ?? unasked(turn, conversation[i - 1]);
    if (found !== undefined) return found;
  }
  return undefined;
};

const forgedThought = (conversation: Turn[]): string | undefined => {
  const forged = conversation
    .flatMap(({ blocks }) => blocks)
    .find(({ block }) => block.type === 'thinking' && block.signature !== signature(String(block.thinking)));
  return forged && `${forged.at}: Invalid \`signature\` in \`thinking\` block`;
};

const badEnding = (conversation: Turn[], model: WireModel): string | undefined => {
  const last = conversation.at(-1);
  if (last?.role !== 'assistant') return undefined;
  if (!model.prefill) {
    return 'This model does not support assistant message prefill. The conversation must end with a user message.';
  }
  const block = last.blocks.at(-1)?.block;
  return block?.type === 'text' && /\s$/.test(String(block.text))
    ? 'messages: final assistant content cannot end with trailing whitespace'
    : undefined;
};

const badTools = ({ tools, tool_choice }: Shaped): string | undefined => {
  const names = tools.map(({ name }) => name);
  if (new Set(names).size < names.length) return 'tools: Tool names must be unique.';
  if (tool_choice === undefined) return undefined;
  if (names.length === 0) return 'tool_choice: tool_choice may only be specified while providing tools';
  if (tool_choice.name !== undefined && !names.includes(tool_choice.name)) {
    return `Tool '${tool_choice.name}' not found in provided tools`;
  }
  return undefined;
};

const tooManyCacheMarks = ({ system, tools, messages }: Shaped): string | undefined => {
  const marked = (blocks: { cache_control?: unknown }[]) => blocks.filter((block) => block.cache_control).length;
  const marks = marked(system) + marked(tools) + marked(messages.flatMap(({ content }) => content));
  return marks > 4 ? `A maximum of 4 blocks with cache_control may be provided. Found ${marks}.` : undefined;
};

const refusedRequest = (request: Shaped, house: House): Refusal | undefined => {
  const model = Object.hasOwn(house.models, request.model) ? house.models[request.model] : undefined;
  if (model === undefined) return { status: 404, type: 'not_found_error', message: `model: ${request.model}` };
  if (request.max_tokens > model.maxTokens) {
    return invalid(
      `max_tokens: ${request.max_tokens} > ${model.maxTokens}, which is the maximum allowed number of output tokens for ${request.model}`,
    );
  }
  const conversation = turns(request.messages);
  const message =
    emptyOrBlank(request) ??
    badTools(request) ??
    tooManyCacheMarks(request) ??
    brokenToolPairs(conversation) ??
    forgedThought(conversation) ??
    badEnding(conversation, model);
  return message === undefined ? undefined : invalid(message);
};

/**
 * Judges a request as the real Messages API does: status, error type and message, or undefined for an accepted request.
 * Texts are the real ones where public reports had them; rarer ones (tool schema rules, duplicate or misplaced blocks, thought
 * signatures, the empty system block) are from memory. An empty text gets the message of a missing one. When several things
 * are wrong, the order of precedence is a guess.
 */
export const refusal = (
  asked: Asked,
  bytes: Buffer,
  house: House,
): { refused: Refusal; body?: unknown } | { refused?: undefined; body: unknown; model: string } => {
  const early = refusedEarly(asked, house);
  if (early !== undefined) return { refused: early };
  if (bytes.length > house.maxBytes) {
    return { refused: { status: 413, type: 'request_too_large', message: 'Request exceeds the maximum size' } };
  }
  const json = readJson(bytes);
  if (json.refused !== undefined) return json;
  const { body } = json;
  const read = shape(body);
  if ('wrong' in read) return { refused: invalid(read.wrong), body };
  const refused = refusedRequest(read.shaped, house);
  return refused ? { refused, body } : { body, model: read.shaped.model };
};
