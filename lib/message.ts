import * as z from 'zod';

/**
 * The part of the AI SDK's message JSON that Nightshift stores, and stricter than the SDK: no blank text anywhere.
 * Providers refuse a prompt with empty text (Anthropic: 400 `messages.0.content.0.text.text: Field required`;
 * Bedrock Converse: ValidationException), so a blank one may not even be written.
 */
const Text = z.string().regex(/\S/, 'must not be blank');
const providerOptions = z.record(z.string(), z.record(z.string(), z.json())).optional();

const TextPart = z.strictObject({ type: z.literal('text'), text: Text, providerOptions });
/** Text may be empty here: a redacted thought is only its signature, in providerOptions. */
const ReasoningPart = z.strictObject({ type: z.literal('reasoning'), text: z.string(), providerOptions });
export const ToolCallPart = z.strictObject({
  type: z.literal('tool-call'),
  toolCallId: Text,
  toolName: Text,
  input: z.record(z.string(), z.json()),
  providerOptions,
});
export type ToolCallPart = z.infer<typeof ToolCallPart>;

export const AssistantPart = z.discriminatedUnion('type', [TextPart, ReasoningPart, ToolCallPart]);
export type AssistantPart = z.infer<typeof AssistantPart>;

const ToolResultPart = z.strictObject({
  type: z.literal('tool-result'),
  toolCallId: Text,
  toolName: Text,
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

/** The text of an assistant message: its text parts, joined. */
export const textOf = (message: AssistantMessage): string =>
  message.content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('');
