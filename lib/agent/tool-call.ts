import { setImmediate as immediately } from 'node:timers/promises';
import { asFailure, Failure, failures } from '../failure.ts';
import { orAbort } from '../or-abort.ts';
import { problems } from '../parse.ts';
import { type Act, type Effects, effectKey, once } from '../run/effect.ts';
import type { ToolCallPart } from '../run/message.ts';
import type { CallStatus } from '../run/step.ts';
import { capped } from '../text.ts';
import { type Tool, type ToolContext, ToolError } from './tool.ts';

/** What a call needs to be made: the job's tools, what they get, and where effects are kept. */
export type ToolCallDeps = {
  tools: Record<string, Tool>;
  context: Omit<ToolContext, 'signal' | 'idempotencyKey'> & { attempt: number };
  effects: Effects;
  /** Throws SessionConflict where this invocation no longer has the attempt. Asked before an effect is made. */
  fence(): Promise<void>;
  /** Aborts when a tool's time is over. */
  timeout(): AbortSignal;
};

/** Where a call stands: which of the attempt's equal calls it is, from 1, and how much of its step its answer may take, in UTF-8 bytes. */
export type CallPlace = { occurrence: number; maxBytes: number };

/** How a call ended: what the model is told, and its status. */
export type ToolAnswer = { status: CallStatus; output: string };

/**
 * Makes one tool call and answers it, whatever happens: an unknown tool, wrong arguments, a refusal or an unreachable
 * host are told to the model. Only failures that another attempt may not meet are thrown.
 */
export const callTool = async (call: ToolCallPart, place: CallPlace, deps: ToolCallDeps): Promise<ToolAnswer> => {
  const { status, output } = await makeCall(call, place.occurrence, deps);
  const text = capped(output, place.maxBytes);
  return { status, output: text.trim() === '' ? '(no output)' : text };
};

const makeCall = async (call: ToolCallPart, occurrence: number, deps: ToolCallDeps): Promise<ToolAnswer> => {
  const tool = Object.hasOwn(deps.tools, call.toolName) ? deps.tools[call.toolName] : undefined;
  if (!tool) {
    const known = Object.keys(deps.tools).join(', ') || 'none';
    return { status: 'refused', output: `There is no tool ${call.toolName}. Tools: ${known}.` };
  }
  const input = tool.input.safeParse(call.input);
  if (!input.success) {
    return { status: 'refused', output: capped(`Not called. ${problems(input.error, 'arguments')}`, 2048) };
  }
  return tool.effect === 'once'
    ? callOnce(tool, input.data, call, occurrence, deps)
    : callFreely(tool, input.data, deps);
};

const callFreely = async (tool: Tool, input: unknown, deps: ToolCallDeps): Promise<ToolAnswer> => {
  try {
    return { status: 'ok', output: await act(tool, input, undefined, deps) };
  } catch (thrown) {
    const { status, output } = told(thrown);
    return { status: status === 'unknown' ? 'error' : status, output };
  }
};

const mayHaveHappened =
  'Unknown: this call was made and its end was not seen, so it may have happened. It will not be repeated. Do not assume either.';

const callOnce = async (
  tool: Tool,
  input: unknown,
  call: ToolCallPart,
  occurrence: number,
  deps: ToolCallDeps,
): Promise<ToolAnswer> => {
  const { runId, attempt } = deps.context;
  const key = effectKey({ runId, tool: call.toolName, input: call.input, occurrence });
  let failed: ToolAnswer | undefined;
  const made = async (): Promise<Act> => {
    try {
      return { happened: 'yes', output: await act(tool, input, key, deps) };
    } catch (thrown) {
      failed = told(thrown);
      return { happened: failed.status === 'unknown' ? 'unknown' : 'no', output: failed.output };
    }
  };
  await deps.fence();
  const { happened, output, recorded } = await once({ runId, key, tool: call.toolName, attempt }, made, deps.effects);
  if (failed && happened === 'no') return failed;
  if (happened === 'unknown') return { status: 'unknown', output: mayHaveHappened };
  return { status: recorded ? 'recorded' : 'ok', output };
};

/** A failed call in words for the model. What is not a ToolError may have happened, and its message may hold anything, so it stays here. */
const told = (thrown: unknown): ToolAnswer => {
  if (!(thrown instanceof ToolError)) {
    if (thrown instanceof Failure && failures[thrown.name] === 'retry') throw thrown;
    return { status: 'unknown', output: `The tool failed (${asFailure(thrown).message}).` };
  }
  const status = thrown.kind === 'interrupted' ? 'unknown' : thrown.kind;
  return { status, output: capped(thrown.message, 2048) || thrown.kind };
};

/** Runs the tool until it answers or its time is over, even if it does not listen to its signal. */
const act = async (
  tool: Tool,
  input: unknown,
  idempotencyKey: string | undefined,
  deps: ToolCallDeps,
): Promise<string> => {
  const signal = deps.timeout();
  const { attempt: _, ...context } = deps.context;
  const run = tool.run(input, { ...context, signal, idempotencyKey });
  try {
    return outputText(await orAbort(run, signal));
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
    // A tool that listens to its signal says itself how it ended, a moment later, and knows better than the clock.
    return outputText(await Promise.race([run, immediately().then(outOfTime)]));
  }
};

const outOfTime = (): never => {
  throw new ToolError('interrupted', 'The tool did not answer in time.');
};

/** Kept whole in an effect's record, so it is bounded here too. */
const maxOutputBytes = 128 * 1024;

const outputText = (output: unknown): string =>
  capped(typeof output === 'string' ? output : (JSON.stringify(output) ?? ''), maxOutputBytes);
