import { setImmediate } from 'node:timers/promises';
import {
  ExecutionTimeoutError,
  type RunOptions,
  StateMachine,
  type StateMachineDefinition,
} from 'aws-local-stepfunctions';
import { arnName } from '../arn.ts';
import type { Invocation } from '../lambda/sandbox.ts';
import type { DefinitionCache } from './definition-cache.ts';

export type Definition = StateMachineDefinition;
/** Waits and retry pauses by state name, in milliseconds, so that a test needs no real time. */
export type WaitOverrides = Pick<NonNullable<RunOptions['overrides']>, 'waitTimeOverrides' | 'retryIntervalOverrides'>;
type Json = Parameters<StateMachine['run']>[0];

/** How an execution ended. `output` is JSON text. */
export type MachineEnd =
  | { status: 'SUCCEEDED'; output: string }
  | { status: 'FAILED'; error: string; cause: string }
  | { status: 'TIMED_OUT' };

/** Step Functions' limit for a state's input or output, in bytes of JSON. */
const maxStateBytes = 262_144;

/** A Lambda error as Step Functions reports it: Error is its type, Cause its whole payload as JSON. */
const taskError = (name: string, cause: string, final = false): Error =>
  Object.assign(new Error(cause), { name, ...(final && { isRetryable: false, isCatchable: false }) });

const toResult = (result: Invocation): Json => {
  if (!result.ok) throw taskError(result.error.errorType, JSON.stringify(result.error));
  if (Buffer.byteLength(result.payload) > maxStateBytes)
    throw taskError('States.DataLimitExceeded', 'the result is larger than 262144 bytes', true);
  return JSON.parse(result.payload);
};

/** The definitions that this process has checked. */
const checkedInProcess: DefinitionCache = new Set<string>();

/**
 * Reads a definition and fills its `${NameArn}` placeholders. Throws where it is no valid state machine. The check takes half a
 * second and is skipped for a text in `checked`.
 */
export const parseDefinition = (
  text: string,
  arns: Record<string, string>,
  checked: DefinitionCache = checkedInProcess,
): Definition => {
  const filled = text.replace(/\$\{(\w+)\}/g, (placeholder, key: string) => arns[key] ?? placeholder);
  const definition: Definition = JSON.parse(filled);
  if (!checked.has(filled)) {
    new StateMachine(definition);
    checked.add(filled);
  }
  return definition;
};

/**
 * Runs a definition from a state and its input. `entered` is called before a state does anything, so that a task never
 * starts before its state is journaled. After `stop`, or the end, nothing is invoked any more, whatever its Retry says.
 */
export const runMachine = (
  definition: Definition,
  start: { state: string; input: Json; timeoutSeconds: number | undefined },
  deps: {
    invoke(name: string, event: string): Promise<Invocation>;
    entered(state: string, input: Json): void;
    overrides: WaitOverrides;
  },
): { end: Promise<MachineEnd>; stop(): void } => {
  let hasEnded = false;
  const task = (resource: string) => async (input: Json) => {
    await setImmediate(); // by then `entered` was called for this state
    if (hasEnded) throw taskError('Stopped', 'the execution is over', true);
    return toResult(await deps.invoke(arnName(resource), JSON.stringify(input)));
  };
  const taskResourceLocalHandlers = Object.fromEntries(
    Object.entries(definition.States).flatMap(([name, state]) =>
      state.Type === 'Task' ? [[name, task(state.Resource)]] : [],
    ),
  );
  const { TimeoutSeconds: _, ...rest } = definition;
  const bounded = start.timeoutSeconds === undefined ? rest : { ...rest, TimeoutSeconds: start.timeoutSeconds };
  const machine = new StateMachine({ ...bounded, StartAt: start.state }, { validationOptions: { noValidate: true } });
  const run = machine.run(start.input, { overrides: { ...deps.overrides, taskResourceLocalHandlers } });
  const follow = async (): Promise<void> => {
    for await (const event of run.eventLogs)
      if (event.type === 'StateEntered' && !hasEnded) deps.entered(event.state.name, event.state.input);
  };
  const finish = async (): Promise<MachineEnd> => {
    const followed = follow();
    try {
      const output = await run.result.finally(() => followed);
      return { status: 'SUCCEEDED', output: JSON.stringify(output) };
    } catch (thrown) {
      if (thrown instanceof ExecutionTimeoutError) return { status: 'TIMED_OUT' };
      const { name, message } =
        thrown instanceof Error && thrown.cause instanceof Error
          ? thrown.cause
          : taskError('States.Runtime', String(thrown));
      return { status: 'FAILED', error: name, cause: message };
    } finally {
      hasEnded = true;
    }
  };
  return {
    end: finish(),
    stop: () => {
      hasEnded = true;
      run.abort();
    },
  };
};
