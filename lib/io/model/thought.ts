import type { LanguageModelV4Content, LanguageModelV4Prompt, SharedV4ProviderOptions } from '@ai-sdk/provider';
import type { ChatThoughts } from './chat-chunk.ts';
import { type Fields, fieldsOf, listOf, textOf } from './loose-json.ts';

/** Tags in which models without a field for thoughts write them, at the beginning of their text. */
const tagged = /^\s*(?:<(think|thinking|thought|reasoning)>|\[(THINK)\])/;
/** The end of a thought whose beginning was in the prompt, as templates of DeepSeek and Qwen write it. */
const lateEnd = '</think>';

/** A text split into the thought at its beginning and the answer. A thought without an end is all thought. */
export const splitThought = (text: string): { thought: string; answer: string } => {
  const opened = tagged.exec(text);
  if (opened) {
    const [opening, tag, bracket] = opened;
    const closing = tag ? `</${tag}>` : `[/${bracket}]`;
    const end = text.indexOf(closing);
    if (end < 0) return { thought: text.slice(opening.length).trim(), answer: '' };
    return { thought: text.slice(opening.length, end).trim(), answer: text.slice(end + closing.length) };
  }
  const end = text.indexOf(lateEnd);
  const after = text.slice(end + lateEnd.length);
  if (end < 0 || text.slice(0, end).includes('<think>') || !/^(\s|$)/.test(after)) return { thought: '', answer: text };
  return { thought: text.slice(0, end).trim(), answer: after };
};

/** How a thought of an OpenAI-compatible server came: in which field, or in a tag of the text. It goes back as it came. */
const options = (thought: string, details?: Fields[]): SharedV4ProviderOptions => ({
  openaiCompatible: { thought, ...(details && { details: details as never }) },
});

const isText = (part: LanguageModelV4Content): part is Extract<LanguageModelV4Content, { type: 'text' }> =>
  part.type === 'text';

/** The content of an OpenAI-compatible reply with its thoughts as such, each marked with the form in which it came. */
export const withThoughts = (content: LanguageModelV4Content[], thoughts: ChatThoughts): LanguageModelV4Content[] => {
  const field = thoughts.field;
  const details = field === 'reasoning_details' ? thoughts.details : undefined;
  const texts = content.filter(isText);
  const { thought, answer } = splitThought(texts[0]?.text ?? '');
  const reasoning = content.filter((part) => part.type === 'reasoning');
  const said = reasoning.map(({ text }) => text).join('');
  const called = content.some((part) => part.type === 'tool-call');
  // An empty field must go back beside a call, and is nothing anywhere else.
  const ownField =
    field && (said !== '' || details || called)
      ? [{ type: 'reasoning' as const, text: said, providerMetadata: options(field, details) }]
      : [];
  const inTag = thought === '' ? [] : [{ type: 'reasoning' as const, text: thought, providerMetadata: options('tag') }];
  const rest = content.filter((part) => part.type !== 'reasoning');
  return [...ownField, ...inTag, ...rest.map((part) => (part === texts[0] ? { ...part, text: answer } : part))];
};

type Assistant = Extract<LanguageModelV4Prompt[number], { role: 'assistant' }>;

/** A message's fields for its thoughts, under the name and in the form in which they came. */
const fieldsFor = ({ content }: Assistant): Fields => {
  const thoughts = content.filter((part) => part.type === 'reasoning');
  const text = thoughts
    .filter(({ providerOptions }) => fieldsOf(providerOptions?.openaiCompatible).thought !== 'tag')
    .map((part) => part.text)
    .join('');
  const marks = thoughts.map(({ providerOptions }) => fieldsOf(providerOptions?.openaiCompatible));
  const { thought: field, details } = marks.find(({ thought }) => thought !== 'tag') ?? {};
  switch (field) {
    case 'reasoning_details':
      return { reasoning_details: listOf(details) };
    case 'content': {
      const answer = content.flatMap((part) => (part.type === 'text' ? [{ type: 'text', text: part.text }] : []));
      return { content: [{ type: 'thinking', thinking: [{ type: 'text', text }] }, ...answer] };
    }
    case 'reasoning':
    case 'reasoning_content':
      return { [textOf(field)]: text };
    default:
      return {};
  }
};

/**
 * A prompt for an OpenAI-compatible server. Thoughts go back as they came (`send`), or not at all. Without this, the AI SDK sends them all
 * as `reasoning_content`, which some servers refuse and others miss when it was empty.
 */
export const promptWithThoughts = (prompt: LanguageModelV4Prompt, send: boolean): LanguageModelV4Prompt =>
  prompt.map((message) => {
    if (message.role !== 'assistant' || !message.content.some(({ type }) => type === 'reasoning')) return message;
    const openaiCompatible = { ...message.providerOptions?.openaiCompatible, ...(send ? fieldsFor(message) : {}) };
    return {
      ...message,
      content: message.content.filter(({ type }) => type !== 'reasoning'),
      providerOptions: { ...message.providerOptions, openaiCompatible: openaiCompatible as never },
    };
  });
