import type { Actor, Gate } from './gate.ts';
import type { FunctionName } from './handlers.ts';
import type { Lambda } from './simulated-lambda.ts';

/** An asynchronous event for a function. `slot` is the number of the slot that it delivers. */
export type Letter = { fn: FunctionName; event: unknown; run: string; slot?: number };

export type Queue = {
  deliver(letter: Letter): void;
  /** Events that failed after all retries. The simulation delivers them again. */
  dead: Letter[];
};

/** Seconds before Lambda's two retries of an asynchronous event. */
const delays = [60, 120];
/** Longer than Scheduler and Lambda keep an event together. */
const lateMs = 31 * 3600 * 1000;

/** Lambda's asynchronous invocation: one try, two retries, then a dead letter. */
export const openQueue = (deps: { gate: Gate; lambda: Lambda; now(): number; forward(ms: number): void }): Queue => {
  const { gate, lambda } = deps;
  const dead: Letter[] = [];
  let count = 0;
  const work = async (letter: Letter): Promise<void> => {
    const { fn, event, run } = letter;
    const actor: Actor = { name: `event-${++count}` };
    const { fault } = await gate.pass(actor, {
      kind: 'deliver',
      what: `is delivered to ${fn} for ${run}`,
      input: letter,
    });
    if (fault === 'vanish') return;
    if (fault === 'late') deps.forward(lateMs);
    for (const seconds of [...delays, undefined]) {
      const result = await lambda.invoke(fn, event, { machine: false, run });
      if (result.ok) return;
      if (seconds === undefined) break;
      const wakeAt = deps.now() + seconds * 1000;
      await gate.pass(actor, { kind: 'wait', what: `waits ${seconds} s for its next try`, wakeAt });
    }
    dead.push(letter);
  };
  return {
    dead,
    deliver: (letter) => {
      void work(letter);
    },
  };
};
