import { canonical } from '../run/effect.ts';
import { type AssistantMessage, type ToolCallPart, type ToolMessage, textOf, toolCalls } from '../run/message.ts';
import type { ResultReader } from '../run/result.ts';
import { type CallStatus, callsOf, isCorrection, type Step } from '../run/step.ts';
import { byteLength } from '../text.ts';
import type { ModelReply } from './model.ts';
import { acceptReply, maxAnswerBytes, type Refusal } from './reply.ts';
import { mayChange } from './tool.ts';
import { type CallResult, callTool, type ToolCallDeps } from './tool-call.ts';

/** Maximum size of all tool outputs of one step, in UTF-8 bytes. Escaped as JSON, they fit into an item of 400 KB. */
const maxOutputsBytes = 128 * 1024;
const maxOutputBytes = 48 * 1024;

export type NextStepDeps = ToolCallDeps & { readResult: ResultReader; now(): Date };

/**
 * Turns a reply into the session's next step. It makes the reply's tool calls in parallel, or checks the final answer;
 * the first answer that does not match the job's schema gets a correction message. Failures of tools become results in the step.
 * Throws like `acceptReply`, and a store's failures.
 */
export const nextStep = async (
  reply: ModelReply,
  request: { startedAt: Date; steps: Step[] },
  deps: NextStepDeps,
): Promise<Step> => {
  const repliedAt = deps.now();
  const { steps } = request;
  const { message, refusals } = acceptUnique(reply, steps);
  const calls = toolCalls(message);
  const results = await callAll(calls, refusals, steps, deps);
  return {
    number: steps.length + 1,
    messages:
      calls.length > 0 ? [message, toolMessage(calls, results)] : finalMessages(reply, message, steps, deps.readResult),
    calls: results.map(({ status }) => status),
    usage: reply.usage,
    startedAt: request.startedAt.toJSON(),
    modelMs: Math.max(0, repliedAt.getTime() - request.startedAt.getTime()),
    toolMs: Math.max(0, deps.now().getTime() - repliedAt.getTime()),
  };
};

/** Accepts the reply with call ids that are unique in the session. Clashes are rare, so the session's ids are collected only on a clash. */
const acceptUnique = (reply: ModelReply, steps: Step[]): ReturnType<typeof acceptReply> => {
  const acceptedAlone = acceptReply(reply, new Set());
  const ids = new Set(toolCalls(acceptedAlone.message).map(({ toolCallId }) => toolCallId));
  const clash = steps.some(({ messages }) =>
    messages[0].content.some((part) => 'toolCallId' in part && ids.has(part.toolCallId)),
  );
  return clash ? acceptReply(reply, new Set(steps.flatMap(idsOf))) : acceptedAlone;
};

const idsOf = ({ messages }: Step): string[] => toolCalls(messages[0]).map(({ toolCallId }) => toolCallId);

const toolMessage = (calls: ToolCallPart[], results: CallResult[]): ToolMessage => ({
  role: 'tool',
  content: calls.map(({ toolCallId, toolName }, at) => {
    const { status = 'error', output = '' } = results[at] ?? {};
    const type = status === 'ok' || status === 'recorded' ? 'text' : 'error-text';
    return { type: 'tool-result', toolCallId, toolName, output: { type, value: output } };
  }),
});

const finalMessages = (
  reply: ModelReply,
  message: AssistantMessage,
  steps: Step[],
  readResult: ResultReader,
): Step['messages'] => {
  const problem = problemOf(textOf(reply), textOf(message), readResult);
  if (problem === undefined || steps.some(isCorrection)) return [message];
  const correction = `This does not match the JSON Schema of the final answer: ${problem}. Answer again with the JSON value alone.`;
  return [message, { role: 'user', content: correction }];
};

/** Why an answer is not taken. It is read before it is cut, so that a long one is called long. */
const problemOf = (answer: string, kept: string, readResult: ResultReader): string | undefined => {
  const whole = readResult(answer);
  if ('problem' in whole) return whole.problem;
  if ('value' in readResult(kept)) return undefined;
  return `it takes ${byteLength(answer)} bytes, and ${maxAnswerBytes} are kept`;
};

const callAll = async (
  calls: ToolCallPart[],
  refusals: Refusal[],
  steps: Step[],
  deps: ToolCallDeps,
): Promise<CallResult[]> => {
  const maxBytes = Math.min(maxOutputBytes, Math.floor(maxOutputsBytes / Math.max(1, calls.length)));
  // Only effect keys need the number among equal calls, so sessions without effects are not searched.
  const hasEffect = (name: string) => Object.hasOwn(deps.tools, name) && mayChange(deps.tools[name]);
  const numbers = calls.some(({ toolName }) => hasEffect(toolName)) ? occurrences(calls, steps, hasEffect) : [];
  return await allOrFirstFailure(
    calls.map((call, at) => {
      const refused = refusals.find(({ toolCallId }) => toolCallId === call.toolCallId)?.why;
      return callTool(call, { step: steps.length + 1, occurrence: numbers[at] ?? 1, maxBytes, refused }, deps);
    }),
  );
};

/**
 * Numbers each call among the attempt's equal calls: the lowest number that no earlier call used up.
 * A call that was not made, or whose result is unknown, uses up no number: repeated, it is the same effect.
 */
const occurrences = (calls: ToolCallPart[], steps: Step[], hasEffect: (tool: string) => boolean): number[] => {
  const used = new Set<string>();
  for (const step of steps) {
    const past = callsOf(step).filter(({ call }) => hasEffect(call.toolName));
    const numbered = numberedCalls(
      past.map(({ call }) => call),
      used,
    );
    for (const [at, { fingerprint }] of numbered.entries()) if (usesUp(past[at]?.status)) used.add(fingerprint);
  }
  return numberedCalls(calls, used).map(({ number }) => number);
};

const usesUp = (status: CallStatus | undefined): boolean => status === 'ok' || status === 'recorded';

const numberedCalls = (calls: ToolCallPart[], used: Set<string>): { number: number; fingerprint: string }[] => {
  const taken = new Set<string>();
  return calls.map(({ toolName, input }) => {
    const call = canonical([toolName, input]);
    let number = 1;
    while (used.has(`${number} ${call}`) || taken.has(`${number} ${call}`)) number += 1;
    const fingerprint = `${number} ${call}`;
    taken.add(fingerprint);
    return { number, fingerprint };
  });
};

/** Waits until every call has ended, then throws the first failure. No call keeps running unnoticed. */
const allOrFirstFailure = async (calls: Promise<CallResult>[]): Promise<CallResult[]> => {
  await Promise.allSettled(calls);
  return Promise.all(calls);
};
