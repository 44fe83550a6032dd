import type { Execution as Journaled } from '../../infra/local/journal.ts';
import { statusEvent } from '../../infra/local/status-event.ts';
import type { Actor, Gate } from './gate.ts';
import type { FunctionName } from './handlers.ts';
import type { Happening } from './history.ts';
import type { Lambda } from './lambda.ts';
import { type Definition, type End, type MachineDeps, play } from './machine.ts';

type Json = Record<string, unknown>;
export type Execution = {
  name: string;
  input: string;
  status: Journaled['status'];
  /** Who waits at the gate for it. After an end nobody does. */
  actor: Actor;
  at: { state: string; data: Json };
  startedAt: number;
};

export type Executions = {
  /** StartExecution: an equal start is a success while it runs; a name that is closed, or has another input, is refused. */
  start(name: string, input: string): void;
  /** Ends a running one from outside. What its task was doing goes on, unheard. */
  close(execution: Execution, status: 'ABORTED' | 'TIMED_OUT'): void;
  /** Goes on with one that failed, from the state it was in. */
  redrive(execution: Execution): void;
  /** EventBridge's word of one that died. */
  announce(execution: Execution): void;
  all: Map<string, Execution>;
};

const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });
const functionOf: Record<string, FunctionName> = {
  '${AttemptArn}': 'attempt',
  '${TriageArn}': 'triage',
  '${SettleArn}': 'settle',
};

/** Executions of the real definition. Each state they enter, each invocation and each wait is a point. */
export const openExecutions = (
  definition: Definition,
  deps: {
    gate: Gate;
    lambda: Lambda;
    now(): number;
    deliver(fn: FunctionName, event: unknown, run: string): void;
    happened(what: Happening): void;
  },
): Executions => {
  const { gate, lambda, happened, now } = deps;
  const all = new Map<string, Execution>();

  const announce = (execution: Execution): void => {
    const { name, input, status, startedAt } = execution;
    const closed: Journaled = { name, input, status, startedAt, stoppedAt: now(), announced: true };
    deps.deliver('settle', { ...statusEvent(closed), id: `event of ${name}` }, name);
  };

  const ended = (execution: Execution, status: Execution['status'], error?: string): void => {
    gate.drop(execution.actor);
    execution.actor = { name: `ended ${execution.name}` };
    execution.status = status;
    happened({ type: 'closed', run: execution.name, status, error });
    if (status !== 'SUCCEEDED') announce(execution);
  };

  const run = (execution: Execution): void => {
    const { actor, name } = execution;
    const machine: MachineDeps = {
      async entered(state, data) {
        execution.at = { state, data };
        happened({ type: 'entered', run: name, state });
        if (!(state in taskStates)) await gate.pass(actor, { kind: 'enter', what: `enters ${state}` });
      },
      async invoke(resource, state, input) {
        const fn = functionOf[resource];
        if (!fn) throw new Error(`there is no function ${resource}`);
        const { fault } = await gate.pass(actor, { kind: 'invoke', what: `invokes ${state}` });
        if (fault) return { ok: false, error: 'Lambda.TooManyRequestsException', cause: 'Rate exceeded' };
        const heard = await lambda.invoke(fn, input, { machine: true, run: name });
        return execution.actor === actor ? heard : new Promise(() => {});
      },
      async wait(state, seconds) {
        await gate.pass(actor, {
          kind: 'wait',
          what: `waits ${seconds} s in ${state}`,
          wakeAt: now() + seconds * 1000,
        });
      },
    };
    const done = (end: End): void => {
      if (execution.actor !== actor) return;
      ended(execution, end.status, end.status === 'FAILED' ? end.error : undefined);
    };
    const broken = (thrown: Error) => done({ status: 'FAILED', error: 'States.Runtime', cause: thrown.message });
    play(definition, execution.at, machine).then(done, broken);
  };
  const taskStates = Object.fromEntries(Object.entries(definition.States).filter(([, { Type }]) => Type === 'Task'));

  return {
    all,
    announce,
    start(name, input) {
      const found = all.get(name);
      if (found && (found.status !== 'RUNNING' || found.input !== input))
        throw named('ExecutionAlreadyExists', `Execution Already Exists: '${name}'`);
      if (found) return;
      const at = { state: definition.StartAt, data: JSON.parse(input) as Json };
      const execution: Execution = { name, input, status: 'RUNNING', actor: { name }, at, startedAt: now() };
      all.set(name, execution);
      happened({ type: 'started', run: name });
      run(execution);
    },
    close: (execution, status) => ended(execution, status),
    redrive(execution) {
      execution.status = 'RUNNING';
      execution.actor = { name: execution.name };
      run(execution);
    },
  };
};
