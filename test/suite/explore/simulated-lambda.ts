import type { Gate } from './gate.ts';
import type { FunctionName, handlers as Handlers } from './handlers.ts';
import type { Happening } from './history.ts';
import type { Heard } from './simulated-machine.ts';

/** One invocation of a function. */
export type Process = {
  name: string;
  fn: FunctionName;
  env: Environment;
  state: 'running' | 'ended' | 'dead';
  /** Tells the caller how it ended; undefined once he knows, or has given it up. */
  tell: ((heard: Heard) => void) | undefined;
  byMachine: boolean;
  /** The run it works on, or the job. */
  run: string;
  /** Until this holds, it keeps still. */
  stalled: (() => boolean) | undefined;
  modelCalls: number;
};

/** A warm process of one function: one invocation at a time, then the next in the same module. */
export type Environment = { name: string; process: Process | undefined; handlers: ReturnType<typeof Handlers> };

export type Lambda = {
  /** Runs a function in an idle environment, or in a new one. */
  invoke(fn: FunctionName, event: unknown, by: { machine: boolean; run: string }): Promise<Heard>;
  kill(process: Process): void;
  /** The caller hears of an error; the process knows nothing of it. */
  giveUp(process: Process, error: string): void;
  processes: Process[];
};

/** Lambda: environments that are reused when idle and thrown away when their process dies. */
export const openLambda = (deps: {
  gate: Gate;
  /** The functions of a new environment. */
  start(env: Environment): Environment['handlers'];
  happened(what: Happening): void;
}): Lambda => {
  const { gate, happened } = deps;
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

  const end = (process: Process, how: 'returned' | 'threw', heard: Heard): void => {
    if (process.state !== 'running') return;
    process.state = 'ended';
    process.env.process = undefined;
    happened({ type: 'ended', actor: process.name, how, told: heard.ok ? heard.payload : heard.error });
    process.tell?.(heard);
    process.tell = undefined;
  };

  return {
    processes,
    invoke(fn, event, { machine, run }) {
      const env = idle(fn);
      const name = `${fn}-${processes.filter((each) => each.fn === fn).length + 1}`;
      const { promise, resolve } = Promise.withResolvers<Heard>();
      const process: Process = {
        ...{ name, fn, env, run, tell: resolve, byMachine: machine },
        ...{ state: 'running', stalled: undefined, modelCalls: 0 },
      };
      processes.push(process);
      env.process = process;
      happened({ type: 'invoked', actor: name, env: env.name, event });
      env.handlers[fn](JSON.parse(JSON.stringify(event))).then(
        (result) => end(process, 'returned', { ok: true, payload: JSON.stringify(result) }),
        (thrown: Error) => end(process, 'threw', { ok: false, error: thrown.name, cause: thrown.message }),
      );
      return promise;
    },
    kill(process) {
      process.state = 'dead';
      gate.drop(process);
      happened({ type: 'ended', actor: process.name, how: 'died', told: 'Runtime.ExitError' });
      const all = environments.get(process.fn) ?? [];
      all.splice(all.indexOf(process.env), 1);
      process.tell?.({ ok: false, error: 'Runtime.ExitError', cause: 'the process exited' });
      process.tell = undefined;
    },
    giveUp(process, error) {
      happened({ type: 'unheard', actor: process.name, error });
      process.tell?.({ ok: false, error, cause: error });
      process.tell = undefined;
    },
  };
};
