import type { Gate } from './gate.ts';
import type { FunctionName, handlers as Handlers } from './handlers.ts';
import type { NewEvent } from './history.ts';
import type { TaskResult } from './simulated-machine.ts';

/** One invocation of a function. */
export type Process = {
  name: string;
  fn: FunctionName;
  env: Environment;
  state: 'running' | 'ended' | 'dead';
  /** Returns the result to the caller; undefined once the caller has a result or has given up. */
  respond: ((result: TaskResult) => void) | undefined;
  byMachine: boolean;
  /** The run or the job that it works on. */
  run: string;
  /** While this returns false, the process does not move. */
  stalled: (() => boolean) | undefined;
  modelCalls: number;
};

/** A warm process of one function. Invocations share its module, one after another. */
export type Environment = { name: string; process: Process | undefined; handlers: ReturnType<typeof Handlers> };

export type Lambda = {
  /** Invokes a function in an idle environment or in a new one. */
  invoke(fn: FunctionName, event: unknown, by: { machine: boolean; run: string }): Promise<TaskResult>;
  kill(process: Process): void;
  /** Answers the caller with an error while the process works on. */
  giveUp(process: Process, error: string): void;
  processes: Process[];
};

/** Simulates Lambda. An idle environment is reused; one whose process dies is discarded. */
export const openLambda = (deps: {
  gate: Gate;
  /** Wires the functions of a new environment. */
  start(env: Environment): Environment['handlers'];
  record(what: NewEvent): void;
}): Lambda => {
  const { gate, record } = deps;
  const environments = new Map<FunctionName, Environment[]>();
  const processes: Process[] = [];
  let made = 0;

  const idle = (fn: FunctionName): Environment => {
    const all = environments.get(fn) ?? [];
    environments.set(fn, all);
    const found = all.findLast(({ process }) => process === undefined);
    if (found) return found;
    const env = { name: `${fn}-environment-${++made}`, process: undefined } as unknown as Environment;
    env.handlers = deps.start(env);
    all.push(env);
    return env;
  };

  const end = (process: Process, how: 'returned' | 'threw', result: TaskResult): void => {
    if (process.state !== 'running') return;
    process.state = 'ended';
    process.env.process = undefined;
    record({ type: 'ended', actor: process.name, how, result: result.ok ? result.payload : result.error });
    process.respond?.(result);
    process.respond = undefined;
  };

  return {
    processes,
    invoke(fn, event, { machine, run }) {
      const env = idle(fn);
      const name = `${fn}-${processes.filter((each) => each.fn === fn).length + 1}`;
      const { promise, resolve } = Promise.withResolvers<TaskResult>();
      const process: Process = {
        ...{ name, fn, env, run, respond: resolve, byMachine: machine },
        ...{ state: 'running', stalled: undefined, modelCalls: 0 },
      };
      processes.push(process);
      env.process = process;
      record({ type: 'invoked', actor: name, env: env.name, event });
      env.handlers[fn](JSON.parse(JSON.stringify(event))).then(
        (result) => end(process, 'returned', { ok: true, payload: JSON.stringify(result) }),
        (thrown: Error) => end(process, 'threw', { ok: false, error: thrown.name, cause: thrown.message }),
      );
      return promise;
    },
    kill(process) {
      process.state = 'dead';
      gate.drop(process);
      record({ type: 'ended', actor: process.name, how: 'died', result: 'Runtime.ExitError' });
      const all = environments.get(process.fn) ?? [];
      all.splice(all.indexOf(process.env), 1);
      process.respond?.({ ok: false, error: 'Runtime.ExitError', cause: 'the process exited' });
      process.respond = undefined;
    },
    giveUp(process, error) {
      record({ type: 'abandoned', actor: process.name, error });
      process.respond?.({ ok: false, error, cause: error });
      process.respond = undefined;
    },
  };
};
