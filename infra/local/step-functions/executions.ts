import type { Invocation } from '../lambda/sandbox.ts';
import type { Execution, Journal } from './journal.ts';
import { type Definition, type MachineEnd, runMachine, type WaitOverrides } from './machine.ts';

export type Executions = {
  /** Starts an execution, or finds the one of that name. It is on disk before this returns. Before `resume` it waits too. */
  start(name: string, input: string): { execution: Execution; created: boolean };
  find(name: string): Execution | undefined;
  /** Ends an open execution as ABORTED, also one that waits. The result of its current task is ignored; an ended execution stays as it is. */
  stop(name: string, error: string | undefined, cause: string | undefined): Execution | undefined;
  readonly running: number;
  /** How many open executions of an earlier process were not resumed yet. */
  readonly waiting: number;
  /** Continues open executions of an earlier process from the last state entered, with its input, like a redrive. */
  resume(): void;
  /** Stops every execution without a record: on disk it stays RUNNING. */
  halt(): void;
};

const secondsLeft = ({ TimeoutSeconds }: Definition, { startedAt }: Execution, nowMs: number): number | undefined =>
  TimeoutSeconds === undefined ? undefined : TimeoutSeconds - (nowMs - startedAt) / 1000;

/** Executions of one state machine. Each state is journaled before it runs; `announce` is called for each end other than SUCCEEDED. */
export const openExecutions = (
  definition: Definition,
  deps: {
    journal: Journal;
    invoke(name: string, event: string): Promise<Invocation>;
    announce(execution: Execution): void;
    overrides: WaitOverrides;
    report(error: unknown): void;
  },
): Executions => {
  const { journal } = deps;
  const running = new Map<string, { execution: Execution; stop(): void }>();
  let isResumed = false;

  const announce = (ended: Execution): void => {
    deps.announce(ended);
    journal.write({ ...ended, announced: true });
  };
  const end = (
    execution: Execution,
    how: MachineEnd | { status: 'ABORTED'; error?: string; cause?: string },
  ): Execution => {
    running.delete(execution.name);
    const ended: Execution = { ...execution, ...how, stoppedAt: Date.now(), announced: how.status === 'SUCCEEDED' };
    journal.write(ended);
    if (!ended.announced) announce(ended);
    return ended;
  };
  const run = (execution: Execution): void => {
    const at = execution.at ?? { state: definition.StartAt, input: JSON.parse(execution.input) };
    const timeoutSeconds = secondsLeft(definition, execution, Date.now());
    if (timeoutSeconds !== undefined && timeoutSeconds <= 0) return void end(execution, { status: 'TIMED_OUT' });
    if (definition.States[at.state] === undefined) {
      const cause = `the state machine has no state '${at.state}' any more`;
      return void end(execution, { status: 'FAILED', error: 'States.Runtime', cause });
    }
    const entry = { execution, stop: () => {} };
    running.set(execution.name, entry);
    const { end: machineEnd, stop } = runMachine(
      definition,
      { ...at, timeoutSeconds },
      {
        invoke: deps.invoke,
        overrides: deps.overrides,
        entered: (state, input) => {
          entry.execution = { ...entry.execution, at: { state, input } };
          journal.write(entry.execution);
        },
      },
    );
    entry.stop = stop;
    machineEnd
      .then((how) => {
        if (running.get(execution.name) === entry) end(entry.execution, how);
      })
      .catch(deps.report);
  };

  return {
    start(name, input) {
      const found = journal.read(name);
      if (found !== undefined) return { execution: found, created: false };
      const execution: Execution = { name, input, status: 'RUNNING', startedAt: Date.now(), announced: false };
      journal.write(execution);
      if (isResumed) run(execution);
      return { execution, created: true };
    },
    find: (name) => journal.read(name),
    stop(name, error, cause) {
      const entry = running.get(name);
      const execution = entry?.execution ?? journal.read(name);
      if (execution?.status !== 'RUNNING') return execution;
      const ended = end(execution, { status: 'ABORTED', ...(error && { error }), ...(cause && { cause }) });
      entry?.stop();
      return ended;
    },
    get running() {
      return running.size;
    },
    get waiting() {
      return journal.all().filter(({ name, status }) => status === 'RUNNING' && !running.has(name)).length;
    },
    resume() {
      isResumed = true;
      for (const execution of journal.all()) {
        if (execution.status === 'RUNNING') run(execution);
        else if (!execution.announced) announce(execution);
      }
    },
    halt() {
      for (const { stop } of running.values()) stop();
      running.clear();
    },
  };
};
