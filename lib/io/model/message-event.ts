import type { StreamEvent } from './event-stream.ts';
import { type Fields, fieldsOf, listOf, rawJson, textOf, tokensOf } from './loose-json.ts';
import { ToldError } from './refusal.ts';
import type { Dialect } from './wire.ts';

/** Blocks and deltas that a request of ours can be answered with. Any other is a server's own affair and is left out. */
const blocks = ['text', 'thinking', 'redacted_thinking', 'tool_use'];
const deltas = ['text_delta', 'thinking_delta', 'signature_delta', 'input_json_delta'];

/** What is known of a call's usage before its reply has ended. */
export type MessageUsage = { inputTokens?: number | undefined };

const counts = ['input_tokens', 'output_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens'];

const usageOf = (usage: unknown): Fields => {
  const told = fieldsOf(usage);
  return Object.fromEntries(
    counts.flatMap((name) => {
      const tokens = tokensOf(told[name]);
      return tokens === undefined ? [] : [[name, tokens]];
    }),
  );
};

const eventOf = (json: Fields): StreamEvent => ({ event: textOf(json.type), data: JSON.stringify(json) });

/** The arguments in a block: an object, or text that is JSON already. */
const argumentsOf = (input: unknown): string => {
  const text = input == null ? '' : textOf(input);
  return text === '{}' ? '' : text;
};

const filled = (value: unknown): string => (value == null ? '' : textOf(value));

const toldIn = (body: unknown): ToldError => new ToldError({ status: 200, headers: {}, body });

/** A block as it begins in a stream, and the pieces for what it holds already. */
const begun = (block: Fields): { opened: Fields; pieces: Fields[] } => {
  const { type } = block;
  if (type === 'redacted_thinking') return { opened: { type, data: textOf(block.data) }, pieces: [] };
  const called = type === 'tool_use';
  const opened = called
    ? { type, id: textOf(block.id), name: textOf(block.name), input: {} }
    : { type, ...(type === 'text' ? { text: '' } : { thinking: '', signature: '' }) };
  const pieces = [
    { type: 'input_json_delta', partial_json: called ? argumentsOf(block.input) : '' },
    { type: 'text_delta', text: type === 'text' ? filled(block.text) : '' },
    { type: 'thinking_delta', thinking: filled(block.thinking) },
    { type: 'signature_delta', signature: filled(block.signature) },
  ];
  return { opened, pieces: pieces.filter((piece) => Object.values(piece).every((value) => value !== '')) };
};

/**
 * Mends the events of Anthropic's Messages API as other servers send them: counts as text, numeric ids, unknown blocks. Arguments go on as
 * text, so that none of their numbers changes.
 */
export const messageDialect = (used: MessageUsage): Dialect => {
  const dropped = new Set<unknown>();
  let ended = false;

  const start = ({ message }: Fields): Fields => {
    const { id, model, usage } = fieldsOf(message);
    const told = usageOf(usage);
    const {
      input_tokens: input = 0,
      cache_read_input_tokens: read = 0,
      cache_creation_input_tokens: written = 0,
    } = told;
    used.inputTokens = Number(input) + Number(read) + Number(written) || undefined;
    return {
      type: 'message_start',
      message: {
        id: textOf(id ?? ''),
        type: 'message',
        role: 'assistant',
        model: typeof model === 'string' ? model : '',
        content: [],
        stop_reason: null,
        usage: { input_tokens: 0, output_tokens: 0, ...told },
      },
    };
  };

  const blockStart = (index: unknown, block: Fields): Fields[] => {
    if (!blocks.includes(textOf(block.type))) {
      dropped.add(index);
      return [];
    }
    const { opened, pieces } = begun(block);
    return [
      { type: 'content_block_start', index, content_block: opened },
      ...pieces.map((delta) => ({ type: 'content_block_delta', index, delta })),
    ];
  };

  const end = ({ delta, usage }: Fields): Fields => {
    const { stop_reason: reason } = fieldsOf(delta);
    ended ||= reason != null;
    return {
      type: 'message_delta',
      delta: { stop_reason: reason == null ? null : textOf(reason), stop_sequence: null },
      usage: { output_tokens: 0, ...usageOf(usage) },
    };
  };

  const mended = (json: Fields): Fields[] => {
    switch (json.type) {
      case 'error':
        throw toldIn(json);
      case 'message_start':
        return [start(json)];
      case 'content_block_start':
        return blockStart(json.index, fieldsOf(json.content_block));
      case 'content_block_delta':
        return dropped.has(json.index) || !deltas.includes(textOf(fieldsOf(json.delta).type)) ? [] : [json];
      case 'content_block_stop':
        return dropped.has(json.index) ? [] : [json];
      case 'message_delta':
        return [end(json)];
      case 'message_stop':
        ended = true;
        return [json];
      default:
        if (json.error != null) throw toldIn(json);
        return [];
    }
  };

  return {
    event: ({ data }) => {
      const json = rawJson(data);
      if (json === undefined && data.trim() !== '' && data.trim() !== '[DONE]') throw toldIn({});
      return mended(fieldsOf(json)).map(eventOf);
    },
    whole: (body) => {
      const json = fieldsOf(rawJson(body));
      if (!Array.isArray(json.content)) throw toldIn(json);
      const { stop_reason, usage } = json;
      const parts = listOf(json.content).flatMap((block, index) => [
        ...blockStart(index, fieldsOf(block)),
        ...(dropped.has(index) ? [] : [{ type: 'content_block_stop', index }]),
      ]);
      const frame = [start({ message: json }), ...parts, end({ delta: { stop_reason }, usage })];
      ended = true;
      return [...frame, { type: 'message_stop' }].map(eventOf);
    },
    ended: () => ended,
  };
};
