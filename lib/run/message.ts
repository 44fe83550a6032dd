import * as z from 'zod';

/**
 * Text that is not blank. Providers refuse a prompt with empty text (Anthropic: 400 `messages.0.content.0.text.text: Field required`;
 * Bedrock Converse: ValidationException), so the store refuses it too.
 */
const Text = z.string().regex(/\S/, 'must not be blank');
/** Anthropic's rule for ids and names, which the other providers accept too. */
export const wordForm = /^[a-zA-Z0-9_-]{1,64}$/;
const Word = z.string().regex(wordForm, 'must be 1 to 64 of a-z, A-Z, 0-9, _ and -');
/** Names that every object has (`constructor`) are refused: provider code that looks names up in an object would not find the tool. */
export const isToolName = (name: string): boolean => wordForm.test(name) && !(name in Object.prototype);
const ToolName = z.string().refine(isToolName, 'must be a name that a tool can have');
const providerOptions = z.record(z.string(), z.record(z.string(), z.json())).optional();

const TextPart = z.strictObject({ type: z.literal('text'), text: Text, providerOptions });
/** Its text may be empty: a redacted thought has only a signature, in providerOptions. */
const ReasoningPart = z.strictObject({ type: z.literal('reasoning'), text: z.string(), providerOptions });
export const ToolCallPart = z.strictObject({
  type: z.literal('tool-call'),
  toolCallId: Word,
  toolName: ToolName,
  input: z.record(z.string(), z.json()),
  providerOptions,
});
export type ToolCallPart = z.infer<typeof ToolCallPart>;

export const AssistantPart = z.discriminatedUnion('type', [TextPart, ReasoningPart, ToolCallPart]);
export type AssistantPart = z.infer<typeof AssistantPart>;

const ToolResultPart = z.strictObject({
  type: z.literal('tool-result'),
  toolCallId: Word,
  toolName: ToolName,
  output: z.strictObject({ type: z.enum(['text', 'error-text']), value: Text }),
});
export type ToolResultPart = z.infer<typeof ToolResultPart>;

export const UserMessage = z.strictObject({ role: z.literal('user'), content: Text });
export type UserMessage = z.infer<typeof UserMessage>;
export const AssistantMessage = z.strictObject({
  role: z.literal('assistant'),
  content: z
    .array(AssistantPart)
    .refine((parts) => parts.some((part) => part.type !== 'reasoning'), 'must have text or a tool call'),
});
export type AssistantMessage = z.infer<typeof AssistantMessage>;
export const ToolMessage = z.strictObject({ role: z.literal('tool'), content: z.array(ToolResultPart).min(1) });
export type ToolMessage = z.infer<typeof ToolMessage>;

export type Message = UserMessage | AssistantMessage | ToolMessage;

/** The tool calls of an assistant message, in the order the model made them. */
export const toolCalls = (message: AssistantMessage): ToolCallPart[] =>
  message.content.filter((part) => part.type === 'tool-call');

/** The text of an assistant message or a reply: its text parts, joined. */
export const textOf = ({ content }: { content: ({ type: 'text'; text: string } | { type: string })[] }): string =>
  content.flatMap((part) => ('text' in part && part.type === 'text' ? [part.text] : [])).join('');
