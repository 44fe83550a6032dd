import { canonical } from '../run/effect.ts';
import { type AssistantMessage, type ToolCallPart, type ToolMessage, textOf, toolCalls } from '../run/message.ts';
import type { ResultReader } from '../run/result.ts';
import { type CallStatus, callsOf, isCorrection, type Step } from '../run/step.ts';
import type { ModelReply } from './model.ts';
import { acceptReply, type Refusal } from './reply.ts';
import { callTool, type ToolAnswer, type ToolCallDeps } from './tool-call.ts';

/** What all tool answers of one step may take together, in UTF-8 bytes: escaped as JSON, the item stays under 400 KB. */
const maxAnswersBytes = 128 * 1024;
const maxAnswerBytes = 48 * 1024;

export type NextStepDeps = ToolCallDeps & { readResult: ResultReader; now(): Date };

/**
 * Makes a reply into the session's next step: its calls made, in parallel, and answered; a result that does not fit sent
 * back the first time. Throws what acceptReply throws and what the store throws; tools' failures are in the step.
 */
export const nextStep = async (
  reply: ModelReply,
  asked: { startedAt: Date; steps: Step[] },
  deps: NextStepDeps,
): Promise<Step> => {
  const repliedAt = deps.now();
  const { steps } = asked;
  const { message, refusals } = accepted(reply, steps);
  const calls = toolCalls(message);
  const answers = await answerAll(calls, refusals, steps, deps);
  return {
    number: steps.length + 1,
    messages: calls.length > 0 ? [message, toolMessage(calls, answers)] : finalTurn(message, steps, deps.readResult),
    calls: answers.map(({ status }) => status),
    usage: reply.usage,
    startedAt: asked.startedAt.toJSON(),
    modelMs: Math.max(0, repliedAt.getTime() - asked.startedAt.getTime()),
    toolMs: Math.max(0, deps.now().getTime() - repliedAt.getTime()),
  };
};

/** The reply with ids no earlier call has. A clash is rare, so the whole session's ids are gathered only where there is one. */
const accepted = (reply: ModelReply, steps: Step[]): ReturnType<typeof acceptReply> => {
  const alone = acceptReply(reply, new Set());
  const ids = new Set(toolCalls(alone.message).map(({ toolCallId }) => toolCallId));
  const clash = steps.some(({ messages }) =>
    messages[0].content.some((part) => 'toolCallId' in part && ids.has(part.toolCallId)),
  );
  return clash ? acceptReply(reply, new Set(steps.flatMap(idsOf))) : alone;
};

const idsOf = ({ messages }: Step): string[] => toolCalls(messages[0]).map(({ toolCallId }) => toolCallId);

const toolMessage = (calls: ToolCallPart[], answers: ToolAnswer[]): ToolMessage => ({
  role: 'tool',
  content: calls.map(({ toolCallId, toolName }, at) => {
    const { status = 'error', output = '' } = answers[at] ?? {};
    const type = status === 'ok' || status === 'recorded' ? 'text' : 'error-text';
    return { type: 'tool-result', toolCallId, toolName, output: { type, value: output } };
  }),
});

const finalTurn = (message: AssistantMessage, steps: Step[], readResult: ResultReader): Step['messages'] => {
  const result = readResult(textOf(message));
  if ('value' in result || steps.some(isCorrection)) return [message];
  const correction = `This does not fit the JSON Schema of the final answer: ${result.problem}. Answer again with the JSON value alone.`;
  return [message, { role: 'user', content: correction }];
};

const answerAll = async (
  calls: ToolCallPart[],
  refusals: Refusal[],
  steps: Step[],
  deps: ToolCallDeps,
): Promise<ToolAnswer[]> => {
  const maxBytes = Math.min(maxAnswerBytes, Math.floor(maxAnswersBytes / Math.max(1, calls.length)));
  // Only an effect's key asks which of the equal calls this is, so no other tool pays for a look at the whole session.
  const hasEffect = (name: string) => Object.hasOwn(deps.tools, name) && deps.tools[name]?.effect === 'once';
  const numbers = calls.some(({ toolName }) => hasEffect(toolName)) ? occurrences(calls, steps, hasEffect) : [];
  return await allOrFirstFailure(
    calls.map((call, at) => {
      const refusal = refusals.find(({ toolCallId }) => toolCallId === call.toolCallId);
      if (refusal) return Promise.resolve({ status: 'refused' as const, output: `Not called: ${refusal.why}.` });
      return callTool(call, { occurrence: numbers[at] ?? 1, maxBytes }, deps);
    }),
  );
};

/**
 * Which of the attempt's equal calls each of these is: the lowest number that none before used up. A call that was not made,
 * or whose end nobody saw, uses none up, so that made again it is the same call, and not a second one.
 */
const occurrences = (calls: ToolCallPart[], steps: Step[], hasEffect: (tool: string) => boolean): number[] => {
  const used = new Set<string>();
  for (const step of steps) {
    const past = callsOf(step).filter(({ call }) => hasEffect(call.toolName));
    const numbered = numberedCalls(
      past.map(({ call }) => call),
      used,
    );
    for (const [at, { print }] of numbered.entries()) if (usesUp(past[at]?.status)) used.add(print);
  }
  return numberedCalls(calls, used).map(({ number }) => number);
};

const usesUp = (status: CallStatus | undefined): boolean => status === 'ok' || status === 'recorded';

const numberedCalls = (calls: ToolCallPart[], used: Set<string>): { number: number; print: string }[] => {
  const given = new Set<string>();
  return calls.map(({ toolName, input }) => {
    const call = canonical([toolName, input]);
    let number = 1;
    while (used.has(`${number} ${call}`) || given.has(`${number} ${call}`)) number += 1;
    const print = `${number} ${call}`;
    given.add(print);
    return { number, print };
  });
};

/** Waits for every call to end, so that none goes on unseen, and only then throws the first failure. */
const allOrFirstFailure = async (calls: Promise<ToolAnswer>[]): Promise<ToolAnswer[]> => {
  await Promise.allSettled(calls);
  return Promise.all(calls);
};
