import type { Execution as Journaled } from '../../../infra/local/step-functions/journal.ts';
import { statusEvent } from '../../../infra/local/step-functions/status-event.ts';
import type { Actor, Gate } from './gate.ts';
import type { FunctionName } from './handlers.ts';
import type { NewEvent } from './history.ts';
import type { Lambda } from './simulated-lambda.ts';
import { type Definition, type End, type MachineDeps, play } from './simulated-machine.ts';

type Json = Record<string, unknown>;
export type Execution = {
  name: string;
  input: string;
  status: Journaled['status'];
  /** The actor that waits at the gate for this execution. A new actor replaces it when the execution ends. */
  actor: Actor;
  at: { state: string; data: Json };
  startedAt: number;
  error?: string | undefined;
};

export type Executions = {
  /** StartExecution. Accepts an equal start while the execution runs; refuses a name that has ended or has another input. */
  start(name: string, input: string): void;
  /** Ends a running execution from outside. The process of its task goes on without a caller. */
  close(execution: Execution, status: 'ABORTED' | 'TIMED_OUT', how?: { error?: string; silent?: boolean }): void;
  /** StopExecution. Leaves an ended execution as it is. */
  stop(name: string, error: string): void;
  /** DescribeExecution. */
  status(name: string): Execution['status'];
  /** Continues a failed execution from the state in which it ended. */
  redrive(execution: Execution): void;
  /** Delivers EventBridge's event of an execution's end to settle. */
  announce(execution: Execution): void;
  all: Map<string, Execution>;
};

const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });
const functionOf: Record<string, FunctionName> = {
  '${AttemptArn}': 'attempt',
  '${TriageArn}': 'triage',
  '${SettleArn}': 'settle',
};

/** Executions of the real state machine. Every state entered, invocation and wait stops at the gate. */
export const openExecutions = (
  definition: Definition,
  deps: {
    gate: Gate;
    lambda: Lambda;
    now(): number;
    deliver(fn: FunctionName, event: unknown, run: string): void;
    record(what: NewEvent): void;
  },
): Executions => {
  const { gate, lambda, record, now } = deps;
  const all = new Map<string, Execution>();

  const announce = (execution: Execution): void => {
    const { name, input, status, startedAt, error } = execution;
    const closed: Journaled = {
      name,
      input,
      status,
      startedAt,
      stoppedAt: now(),
      announced: true,
      ...(error && { error }),
    };
    deps.deliver('settle', { ...statusEvent(closed), id: `event of ${name}` }, name);
  };

  const ended = (
    execution: Execution,
    status: Execution['status'],
    { error, silent }: { error?: string | undefined; silent?: boolean } = {},
  ): void => {
    gate.drop(execution.actor);
    execution.actor = { name: `ended ${execution.name}` };
    Object.assign(execution, { status, error });
    record({ type: 'closed', run: execution.name, status, error });
    if (status !== 'SUCCEEDED' && !silent) announce(execution);
  };

  const run = (execution: Execution): void => {
    const { actor, name } = execution;
    const machine: MachineDeps = {
      async entered(state, data) {
        execution.at = { state, data };
        record({ type: 'entered', run: name, state });
        if (!(state in taskStates)) await gate.pass(actor, { kind: 'enter', what: `enters ${state}` });
      },
      async invoke(resource, state, input) {
        const fn = functionOf[resource];
        if (!fn) throw new Error(`the state machine invokes ${resource}, which is not a stage`);
        const { fault } = await gate.pass(actor, { kind: 'invoke', what: `invokes ${state}` });
        if (fault) return { ok: false, error: 'Lambda.TooManyRequestsException', cause: 'Rate exceeded' };
        const result = await lambda.invoke(fn, input, { machine: true, run: name });
        return execution.actor === actor ? result : new Promise(() => {});
      },
      async wait(state, until) {
        const wakeAt = 'instant' in until ? until.instant : now() + until.seconds * 1000;
        if (wakeAt <= now()) return;
        const seconds = Math.round((wakeAt - now()) / 1000);
        await gate.pass(actor, { kind: 'wait', what: `waits ${seconds} s in ${state}`, wakeAt });
      },
    };
    const done = (end: End): void => {
      if (execution.actor !== actor) return;
      ended(execution, end.status, end.status === 'FAILED' ? { error: end.error } : {});
    };
    const broken = (thrown: Error) => done({ status: 'FAILED', error: 'States.Runtime', cause: thrown.message });
    play(definition, execution.at, machine).then(done, broken);
  };
  const taskStates = Object.fromEntries(Object.entries(definition.States).filter(([, { Type }]) => Type === 'Task'));

  const known = (name: string): Execution => {
    const found = all.get(name);
    if (!found) throw named('ExecutionDoesNotExist', `Execution Does Not Exist: '${name}'`);
    return found;
  };

  return {
    all,
    announce,
    stop(name, error) {
      const found = known(name);
      if (found.status === 'RUNNING') ended(found, 'ABORTED', { error });
    },
    status: (name) => known(name).status,
    start(name, input) {
      const found = all.get(name);
      if (found && (found.status !== 'RUNNING' || found.input !== input))
        throw named('ExecutionAlreadyExists', `Execution Already Exists: '${name}'`);
      if (found) return;
      const at = { state: definition.StartAt, data: JSON.parse(input) as Json };
      const execution: Execution = { name, input, status: 'RUNNING', actor: { name }, at, startedAt: now() };
      all.set(name, execution);
      record({ type: 'started', run: name });
      run(execution);
    },
    close: (execution, status, how) => ended(execution, status, how),
    redrive(execution) {
      execution.status = 'RUNNING';
      execution.actor = { name: execution.name };
      run(execution);
    },
  };
};
