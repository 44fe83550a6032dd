import { type Answer, answerCall, type CallDeps } from './call.ts';
import { canonical } from './effect.ts';
import { type AssistantMessage, type ToolCallPart, textOf, toolCalls } from './message.ts';
import type { ModelReply } from './model.ts';
import { acceptReply, type Refusal } from './reply.ts';
import type { ResultReader } from './result.ts';
import { callsOf, isCorrection, Step } from './step.ts';

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
  const taken = steps.flatMap(callsOf).map(({ call }) => call.toolCallId);
  const { message, refusals } = acceptReply(reply, new Set(taken));
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
  const earlier = steps.flatMap(callsOf).map(({ call }) => print(call));
  return await allOrFirstFailure(
    calls.map((call, at) => {
      const refusal = refusals.find(({ toolCallId }) => toolCallId === call.toolCallId);
      if (refusal) return Promise.resolve({ status: 'refused' as const, output: `Not called: ${refusal.why}.` });
      const equal = [...earlier, ...calls.slice(0, at + 1).map(print)].filter((other) => other === print(call));
      return answerCall(call, { occurrence: equal.length, maxBytes }, deps);
    }),
  );
};

const print = (call: ToolCallPart): string => canonical([call.toolName, call.input]);

/** Waits for every call to end, so that none goes on unseen, and only then throws the first failure. */
const allOrFirstFailure = async (calls: Promise<Answer>[]): Promise<Answer[]> => {
  await Promise.allSettled(calls);
  return Promise.all(calls);
};
