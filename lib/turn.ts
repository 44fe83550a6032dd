import { type Answer, answerCall, type CallDeps } from './call.ts';
import { canonical } from './effect.ts';
import { type AssistantMessage, type ToolCallPart, textOf, toolCalls } from './message.ts';
import type { ModelReply } from './model.ts';
import { acceptReply, type Refusal } from './reply.ts';
import type { ResultReader } from './result.ts';
import { isCorrection, Step } from './step.ts';

/** What all tool answers of one step may take together, in UTF-8 bytes: escaped as JSON, the item stays under 400 KB. */
const maxAnswersBytes = 128 * 1024;
const maxAnswerBytes = 48 * 1024;

export type TurnDeps = CallDeps & { readResult: ResultReader; now(): Date };

/**
 * Makes a reply into the session's next step: its calls made, in parallel, and answered; a result that does not fit sent
 * back the first time. Throws what acceptReply throws and what the store throws; tools' failures are in the step.
 */
export const takeTurn = async (
  reply: ModelReply,
  asked: { startedAt: Date; steps: Step[] },
  deps: TurnDeps,
): Promise<Step> => {
  const repliedAt = deps.now();
  const { steps } = asked;
  const { message, refusals } = acceptReply(reply, idsOf(steps));
  const calls = toolCalls(message);
  const answers = await answerAll(calls, refusals, steps, deps);
  return Step.parse({
    number: steps.length + 1,
    turn: calls.length > 0 ? [message, toolMessage(calls, answers)] : finalTurn(message, steps, deps.readResult),
    calls: answers.map(({ status }) => status),
    usage: reply.usage,
    startedAt: asked.startedAt.toJSON(),
    modelMs: Math.max(0, repliedAt.getTime() - asked.startedAt.getTime()),
    toolMs: Math.max(0, deps.now().getTime() - repliedAt.getTime()),
  });
};

const toolMessage = (calls: ToolCallPart[], answers: Answer[]) => ({
  role: 'tool',
  content: calls.map(({ toolCallId, toolName }, at) => {
    const { status = 'error', output = '' } = answers[at] ?? {};
    const type = status === 'ok' || status === 'recorded' ? 'text' : 'error-text';
    return { type: 'tool-result', toolCallId, toolName, output: { type, value: output } };
  }),
});

const finalTurn = (message: AssistantMessage, steps: Step[], readResult: ResultReader) => {
  const result = readResult(textOf(message));
  if ('value' in result || steps.some(isCorrection)) return [message];
  const correction = `This does not fit the JSON Schema of the final answer: ${result.problem}. Answer again with the JSON value alone.`;
  return [message, { role: 'user', content: correction }];
};

const answerAll = async (
  calls: ToolCallPart[],
  refusals: Refusal[],
  steps: Step[],
  deps: CallDeps,
): Promise<Answer[]> => {
  const maxBytes = Math.min(maxAnswerBytes, Math.floor(maxAnswersBytes / Math.max(1, calls.length)));
  return await allOrFirstFailure(
    calls.map((call, at) => {
      const refusal = refusals.find(({ toolCallId }) => toolCallId === call.toolCallId);
      if (refusal) return Promise.resolve({ status: 'refused' as const, output: `Not called: ${refusal.why}.` });
      // Only an effect's key asks which of the equal calls this is, so no other tool pays for a look at the whole session.
      const once = Object.hasOwn(deps.tools, call.toolName) && deps.tools[call.toolName]?.effect === 'once';
      const occurrence = once ? 1 + equalBefore(call, calls.slice(0, at), steps) : 1;
      return answerCall(call, { occurrence, maxBytes }, deps);
    }),
  );
};

/** How many calls of the attempt before this one are equal to it. */
const equalBefore = (call: ToolCallPart, beside: ToolCallPart[], steps: Step[]): number => {
  const print = canonical(call.input);
  const named = [...steps.flatMap(({ turn }) => toolCalls(turn[0])), ...beside].filter(
    ({ toolName }) => toolName === call.toolName,
  );
  return named.filter(({ input }) => canonical(input) === print).length;
};

/** The ids of all calls of a session. */
const idsOf = (steps: Step[]): Set<string> => {
  const ids = new Set<string>();
  for (const { turn } of steps) {
    for (const part of turn[0].content) if (part.type === 'tool-call') ids.add(part.toolCallId);
  }
  return ids;
};

/** Waits for every call to end, so that none goes on unseen, and only then throws the first failure. */
const allOrFirstFailure = async (calls: Promise<Answer>[]): Promise<Answer[]> => {
  await Promise.allSettled(calls);
  return Promise.all(calls);
};
