import * as z from 'zod';
import { addUsage, noUsage, Usage } from '../usage.ts';
import { AssistantMessage, type ToolCallPart, ToolMessage, toolCalls, UserMessage } from './message.ts';

/** How a tool call went. `refused`: the tool was not called. `unknown`: the call may have happened. `recorded`: an earlier attempt made it. */
export const CallStatus = z.enum(['ok', 'recorded', 'error', 'refused', 'unreachable', 'unknown']);
export type CallStatus = z.infer<typeof CallStatus>;

const pairs = (assistant: AssistantMessage, results: ToolMessage): boolean => {
  const asked = toolCalls(assistant).map((call) => call.toolCallId);
  const answered = results.content.map((part) => part.toolCallId);
  return asked.length > 0 && new Set(asked).size === asked.length && asked.join('\n') === answered.join('\n');
};

/** The messages of a step: a model turn with all its tool results, a turn with a correction, or the final answer. */
const Turn = z.union([
  z.tuple([AssistantMessage, ToolMessage]).refine(([assistant, results]) => pairs(assistant, results), {
    message: 'every tool call must have its one result, in order',
  }),
  z.tuple([AssistantMessage, UserMessage]).refine(([assistant]) => toolCalls(assistant).length === 0, {
    message: 'a tool call must have its result',
  }),
  z.tuple([AssistantMessage]).refine(([assistant]) => toolCalls(assistant).length === 0, {
    message: 'a tool call must have its result',
  }),
]);

/**
 * One model turn with all its tool results, committed whole or not at all. The schema guarantees that every committed prefix of a session is a
 * valid prompt: stores neither write nor read an invalid step.
 */
export const Step = z.strictObject({
  number: z.int().positive(),
  messages: Turn,
  calls: z.array(CallStatus),
  usage: Usage,
  startedAt: z.string(),
  modelMs: z.int().nonnegative(),
  toolMs: z.int().nonnegative(),
});
export type Step = z.infer<typeof Step>;

/** A tool call of a step, with its output and how it went. */
export type Call = { call: ToolCallPart; status: CallStatus; output: string };

/** The calls of a step, in the order the model made them. */
export const callsOf = (step: Step): Call[] => {
  const [assistant, answer] = step.messages;
  if (answer?.role !== 'tool') return [];
  return toolCalls(assistant).map((call, at) => ({
    call,
    status: step.calls[at] ?? 'error',
    output: answer.content[at]?.output.value ?? '',
  }));
};

/** The usage of all steps together. */
export const usageOf = (steps: Step[]): Usage => steps.reduce((sum, { usage }) => addUsage(sum, usage), noUsage);

/** Whether the step is a final answer: a turn without tool results or a correction. */
export const isFinal = (step: Step): boolean => step.messages.length === 1;

/** Whether the step is an answer that did not fit the job's result, with the correction sent back to the model. */
export const isCorrection = (step: Step): boolean => step.messages[1]?.role === 'user';
