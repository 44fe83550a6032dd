import type { StreamEvent } from './event-stream.ts';
import { type Fields, fieldsOf, listOf, rawJson, textOf, tokensOf } from './loose-json.ts';
import { ToldError } from './refusal.ts';
import type { Dialect } from './wire.ts';

/** What the AI SDK does not pass on: in which field thoughts came, and OpenRouter's details of them. */
export type ChatThoughts = {
  field?: 'reasoning_content' | 'reasoning' | 'reasoning_details' | 'content';
  details: Fields[];
};

/** A part of a call with arguments as text, whatever form the server gave them. */
const callOf = (call: Fields, at: number): Fields => {
  const { name, arguments: input } = { ...call, ...fieldsOf(call.function) };
  return {
    ...(call.extra_content !== undefined && { extra_content: call.extra_content }),
    index: tokensOf(call.index) ?? at,
    ...(call.id != null && { id: textOf(call.id) }),
    function: { ...(name != null && { name: textOf(name) }), ...(input != null && { arguments: textOf(input) }) },
  };
};

const callsOf = ({ tool_calls, function_call }: Fields): Fields[] => {
  if (Array.isArray(tool_calls)) return tool_calls.map((call, at) => callOf(fieldsOf(call), at));
  return function_call == null ? [] : [callOf({ function: function_call, id: 'call_0' }, 0)];
};

/** Texts of a detail that come in pieces. */
const growing = ['text', 'summary', 'data'];

const isSame = (a: Fields, b: Fields): boolean => a.type === b.type && (a.index ?? null) === (b.index ?? null);

/** Adds a piece to the detail that it goes on with, or begins a new one. */
const addDetail = (details: Fields[], piece: Fields): void => {
  const last = details.at(-1);
  if (!last || !isSame(last, piece)) {
    details.push({ ...piece });
    return;
  }
  for (const [name, value] of Object.entries(piece)) {
    const before = last[name];
    last[name] = growing.includes(name) && typeof before === 'string' ? `${before}${value}` : (value ?? before);
  }
};

/** Notes how thoughts came, and the details that the AI SDK does not know. */
const noteThoughts = (delta: Fields, thoughts: ChatThoughts): void => {
  const named = (['reasoning_content', 'reasoning'] as const).find((name) => typeof delta[name] === 'string');
  if (named) thoughts.field ??= named;
  if (listOf(delta.content).some((part) => fieldsOf(part).type === 'thinking')) thoughts.field = 'content';
  for (const piece of listOf(delta.reasoning_details)) {
    thoughts.field = 'reasoning_details';
    addDetail(thoughts.details, fieldsOf(piece));
  }
};

const deltaOf = (message: Fields, thoughts: ChatThoughts): Fields => {
  noteThoughts(message, thoughts);
  const { content, refusal, reasoning, reasoning_content } = message;
  const calls = callsOf(message);
  const said = { reasoning_content, reasoning };
  return {
    role: 'assistant',
    content: Array.isArray(content)
      ? content.filter((part) => typeof fieldsOf(part).type === 'string')
      : textOrNull(content),
    ...(typeof refusal === 'string' && { refusal }),
    ...Object.fromEntries(Object.entries(said).filter(([, value]) => typeof value === 'string')),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
};

const textOrNull = (content: unknown): string | null => (content == null ? null : textOf(content));

/** Counts as numbers, also where a server writes them as text. */
const countsOf = (usage: unknown): Fields =>
  Object.fromEntries(
    Object.entries(fieldsOf(usage)).flatMap(([name, value]): [string, unknown][] => {
      if (typeof value === 'object' && value !== null) return [[name, countsOf(value)]];
      const tokens = tokensOf(value);
      return tokens === undefined ? [] : [[name, tokens]];
    }),
  );

const toldIn = (body: unknown): ToldError => new ToldError({ status: 200, headers: {}, body });

/** A choice of a whole reply, whose calls all have a name: the AI SDK would drop a call without one. */
const named = (choice: unknown): Fields => {
  const { message, ...rest } = fieldsOf(choice);
  const calls = listOf(fieldsOf(message).tool_calls).map((call) => {
    const { name } = { ...fieldsOf(call), ...fieldsOf(fieldsOf(call).function) };
    const blank = textOf(name).trim() === '';
    return blank ? { ...fieldsOf(call), function: { ...fieldsOf(fieldsOf(call).function), name: 'unnamed' } } : call;
  });
  return { ...rest, message: { ...fieldsOf(message), ...(calls.length > 0 && { tool_calls: calls }) } };
};

/** Mends the chunks of an OpenAI-compatible server, of which each leaves the form in its own way. */
export const chatDialect = (thoughts: ChatThoughts): Dialect => {
  let finished = false;
  let done = false;
  const choiceOf = ({ delta, message, finish_reason }: Fields): Fields => {
    finished ||= finish_reason != null;
    const said = delta ?? message;
    return {
      ...(said != null && { delta: deltaOf(fieldsOf(said), thoughts) }),
      ...(finish_reason != null && { finish_reason: textOf(finish_reason) }),
    };
  };
  const chunk = (json: Fields): Fields => {
    const { id, model, choices, usage, error } = json;
    if (error != null || (choices === undefined && usage == null)) throw toldIn(json);
    return {
      id: textOf(id ?? ''),
      ...(typeof model === 'string' && { model }),
      choices: listOf(choices)
        .slice(0, 1)
        .map((choice) => choiceOf(fieldsOf(choice))),
      ...(usage != null && { usage: countsOf(usage) }),
    };
  };
  const eventOf = (json: Fields): StreamEvent => ({ data: JSON.stringify(chunk(json)) });
  /** A reply that ends without a reason, but properly, is whole. */
  const end = (): StreamEvent[] => {
    done = true;
    const reason = finished ? [] : [eventOf({ choices: [{ delta: {}, finish_reason: 'stop' }] })];
    return [...reason, { data: '[DONE]' }];
  };
  return {
    event: ({ event, data }) => {
      if (data.trim() === '') return [];
      if (data.trim() === '[DONE]') return end();
      const json = rawJson(data);
      if (event === 'error') throw toldIn(json);
      return [eventOf(fieldsOf(json))];
    },
    whole: (body) => {
      const json = fieldsOf(rawJson(body));
      if (listOf(json.choices).length === 0) throw toldIn(json);
      return [eventOf({ ...json, choices: listOf(json.choices).map(named) }), ...end()];
    },
    ended: () => finished || done,
  };
};
