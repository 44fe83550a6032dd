import { setImmediate as immediately } from 'node:timers/promises';
import { asFailure, Failure, failures } from '../failure.ts';
import { orAbort } from '../or-abort.ts';
import { problems } from '../parse.ts';
import { type Act, type Effects, effectKey, type Identity, once, recordRefused } from '../run/effect.ts';
import { callText } from '../run/effect-count.ts';
import type { ToolCallPart } from '../run/message.ts';
import type { CallStatus } from '../run/step.ts';
import { capped } from '../text.ts';
import { outsideBytes, outsideText } from './outside.ts';
import { changes, placeOf, type Tool, type ToolContext, ToolError } from './tool.ts';

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

/**
 * The number of a call's step, its number among the attempt's equal calls, from 1, and the maximum size of its output in UTF-8 bytes. `refused`: why
 * it is not made at all.
 */
export type CallBounds = { step: number; occurrence: number; maxBytes: number; refused?: string | undefined };

/** How a call ended. `output` is what the model sees. */
export type CallResult = { status: CallStatus; output: string };

/**
 * Makes one tool call. An unknown tool, wrong arguments, a refusal or an unreachable host become output for the model.
 * Throws only failures that a new attempt may avoid, such as a store's.
 */
export const callTool = async (call: ToolCallPart, bounds: CallBounds, deps: ToolCallDeps): Promise<CallResult> => {
  const { status, output } = await makeCall(call, bounds, deps);
  const isOutside = toolOf(call, deps)?.outside === true && (status === 'ok' || status === 'recorded');
  const text = capped(output, bounds.maxBytes - (isOutside ? outsideBytes : 0));
  if (text.trim() === '') return { status, output: '(no output)' };
  return { status, output: isOutside ? outsideText(text) : text };
};

const toolOf = ({ toolName }: ToolCallPart, { tools }: ToolCallDeps): Tool | undefined =>
  Object.hasOwn(tools, toolName) ? tools[toolName] : undefined;

const makeCall = async (call: ToolCallPart, bounds: CallBounds, deps: ToolCallDeps): Promise<CallResult> => {
  const tool = toolOf(call, deps);
  if (!tool) {
    const names = Object.keys(deps.tools).join(', ') || 'none';
    return { status: 'refused', output: `There is no tool ${call.toolName}. Tools: ${names}.` };
  }
  const input = tool.input.safeParse(call.input);
  if (bounds.refused !== undefined) return refuse(tool, `Not called: ${bounds.refused}.`, { call, bounds }, deps);
  if (!input.success) return refuse(tool, `Not called. ${problems(input.error, 'arguments')}`, { call, bounds }, deps);
  return changes(tool, call.input)
    ? callOnce(tool, input.data, { call, bounds }, deps)
    : callFreely(tool, input.data, deps);
};

type Made = { call: ToolCallPart; bounds: CallBounds };

const identityOf = (tool: Tool, { call, bounds }: Made, { context: { runId, attempt } }: ToolCallDeps): Identity => {
  const { toolName, input } = call;
  const key = effectKey({ runId, tool: toolName, input, occurrence: bounds.occurrence });
  return { runId, key, tool: toolName, attempt, place: placeOf(tool, input), step: bounds.step };
};

/** Refuses a call before it is made. One that would change the world is recorded as not made, so that the run's outcome says so. */
const refuse = async (tool: Tool, why: string, made: Made, deps: ToolCallDeps): Promise<CallResult> => {
  const output = capped(why, 2048);
  if (changes(tool, made.call.input)) {
    await deps.fence();
    await recordRefused(identityOf(tool, made, deps), output, deps.effects);
  }
  return { status: 'refused', output };
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
  'Unknown: this call was sent, and it is not known whether it was done, so it may have happened. It will not be repeated. Do not assume either.';

const callOnce = async (tool: Tool, input: unknown, made: Made, deps: ToolCallDeps): Promise<CallResult> => {
  const effect = identityOf(tool, made, deps);
  const limit = limitOf(effect.tool, deps);
  let failed: CallResult | undefined;
  const makeEffect = async (): Promise<Act> => {
    try {
      return { happened: 'yes', output: await runTool(tool, input, effect.key, deps) };
    } catch (thrown) {
      failed = resultOfError(thrown);
      return { happened: failed.status === 'unknown' ? 'unknown' : 'no', output: failed.output };
    }
  };
  await deps.fence();
  const { happened, output, recorded } = await once(effect, makeEffect, deps.effects, limit);
  if (happened === 'over limit') return refuse(tool, await limitText(effect, limit, deps), made, deps);
  if (failed && happened === 'no') return failed;
  if (happened === 'unknown') return { status: 'unknown', output: [mayHaveHappened, output].join(' ').trim() };
  return { status: recorded ? 'recorded' : 'ok', output };
};

const limitOf = (tool: string, { context: { job } }: ToolCallDeps): number | undefined => {
  const limits = job.limits.effects ?? {};
  return Object.hasOwn(limits, tool) ? limits[tool] : undefined;
};

/** How many of the calls that used up a limit the model is told. */
const mostTold = 5;

const limitText = async (
  { runId, tool }: Identity,
  limit: number | undefined,
  { effects }: ToolCallDeps,
): Promise<string> => {
  const taken = await effects.seats(runId, tool);
  const said = taken
    .slice(0, mostTold)
    .map(
      (one) =>
        `${callText({ tool, place: one.place ?? null })} (${one.status === 'done' ? 'done' : 'may have happened'})`,
    );
  const allowed = `this job allows ${limit} ${limit === 1 ? 'call' : 'calls'} of ${tool} in a run, across all its attempts`;
  return `Not called: ${allowed}, and it was used up by ${said.join(', ')}. Do not call ${tool} again.`;
};

/** A failed call as output for the model. Other errors than ToolError may come after the effect happened, and their messages may contain secrets. */
const resultOfError = (thrown: unknown): CallResult => {
  if (!(thrown instanceof ToolError)) {
    if (thrown instanceof Failure && failures[thrown.name] !== 'final') throw thrown;
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

/** Maximum size of a tool's output in bytes: no step shows the model more. An effect's item stores the output whole. */
const maxOutputBytes = 48 * 1024;

const outputText = (output: unknown): string =>
  capped(typeof output === 'string' ? output : (JSON.stringify(output) ?? ''), maxOutputBytes);
