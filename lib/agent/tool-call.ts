import { setImmediate as immediately } from 'node:timers/promises';
import { asFailure, Failure, failures } from '../failure.ts';
import { orAbort } from '../or-abort.ts';
import { problems } from '../parse.ts';
import { type Act, type Effects, effectKey, once } from '../run/effect.ts';
import type { ToolCallPart } from '../run/message.ts';
import type { CallStatus } from '../run/step.ts';
import { capped } from '../text.ts';
import { type Tool, type ToolContext, ToolError } from './tool.ts';

/** What a tool call depends on. */
export type ToolCallDeps = {
  tools: Record<string, Tool>;
  context: Omit<ToolContext, 'signal' | 'idempotencyKey'> & { attempt: number };
  effects: Effects;
  /** Throws SessionConflict if another invocation owns the attempt now. Called before each effect. */
  fence(): Promise<void>;
  /** A signal that aborts when the time for one tool call is over. */
  timeout(): AbortSignal;
};

/** A call's number among the attempt's equal calls, from 1, and the maximum size of its output in UTF-8 bytes. */
export type CallBounds = { occurrence: number; maxBytes: number };

/** How a call ended. `output` is what the model sees. */
export type CallResult = { status: CallStatus; output: string };

/**
 * Makes one tool call. An unknown tool, wrong arguments, a refusal or an unreachable host become output for the model.
 * Throws only failures that a new attempt may avoid, such as a store's.
 */
export const callTool = async (call: ToolCallPart, place: CallBounds, deps: ToolCallDeps): Promise<CallResult> => {
  const { status, output } = await makeCall(call, place.occurrence, deps);
  const text = capped(output, place.maxBytes);
  return { status, output: text.trim() === '' ? '(no output)' : text };
};

const makeCall = async (call: ToolCallPart, occurrence: number, deps: ToolCallDeps): Promise<CallResult> => {
  const tool = Object.hasOwn(deps.tools, call.toolName) ? deps.tools[call.toolName] : undefined;
  if (!tool) {
    const names = Object.keys(deps.tools).join(', ') || 'none';
    return { status: 'refused', output: `There is no tool ${call.toolName}. Tools: ${names}.` };
  }
  const input = tool.input.safeParse(call.input);
  if (!input.success) {
    return { status: 'refused', output: capped(`Not called. ${problems(input.error, 'arguments')}`, 2048) };
  }
  return tool.effect === 'once'
    ? callOnce(tool, input.data, call, occurrence, deps)
    : callFreely(tool, input.data, deps);
};

const callFreely = async (tool: Tool, input: unknown, deps: ToolCallDeps): Promise<CallResult> => {
  try {
    return { status: 'ok', output: await runTool(tool, input, undefined, deps) };
  } catch (thrown) {
    const { status, output } = resultOfError(thrown);
    return { status: status === 'unknown' ? 'error' : status, output };
  }
};

const mayHaveHappened =
  'Unknown: this call was sent, but its result was not received, so it may have happened. It will not be repeated. Do not assume either.';

const callOnce = async (
  tool: Tool,
  input: unknown,
  call: ToolCallPart,
  occurrence: number,
  deps: ToolCallDeps,
): Promise<CallResult> => {
  const { runId, attempt } = deps.context;
  const key = effectKey({ runId, tool: call.toolName, input: call.input, occurrence });
  let failed: CallResult | undefined;
  const makeEffect = async (): Promise<Act> => {
    try {
      return { happened: 'yes', output: await runTool(tool, input, key, deps) };
    } catch (thrown) {
      failed = resultOfError(thrown);
      return { happened: failed.status === 'unknown' ? 'unknown' : 'no', output: failed.output };
    }
  };
  await deps.fence();
  const { happened, output, recorded } = await once(
    { runId, key, tool: call.toolName, attempt },
    makeEffect,
    deps.effects,
  );
  if (failed && happened === 'no') return failed;
  if (happened === 'unknown') return { status: 'unknown', output: mayHaveHappened };
  return { status: recorded ? 'recorded' : 'ok', output };
};

/** A failed call as output for the model. Other errors than ToolError may come after the effect happened, and their messages may contain secrets. */
const resultOfError = (thrown: unknown): CallResult => {
  if (!(thrown instanceof ToolError)) {
    if (thrown instanceof Failure && failures[thrown.name] === 'retry') throw thrown;
    return { status: 'unknown', output: `The tool failed (${asFailure(thrown).message}).` };
  }
  const status = thrown.kind === 'interrupted' ? 'unknown' : thrown.kind;
  return { status, output: capped(thrown.message, 2048) || thrown.kind };
};

/** Runs a tool until it returns or its time is over, even if the tool ignores its signal. */
const runTool = async (
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
    // A tool that heeds its signal rejects a moment later, and knows best whether its request was sent.
    return outputText(await Promise.race([run, immediately().then(outOfTime)]));
  }
};

const outOfTime = (): never => {
  throw new ToolError('interrupted', 'The tool did not answer in time.');
};

/** Maximum size of a tool's output in bytes. An effect's item stores the output whole. */
const maxOutputBytes = 128 * 1024;

const outputText = (output: unknown): string =>
  capped(typeof output === 'string' ? output : (JSON.stringify(output) ?? ''), maxOutputBytes);
