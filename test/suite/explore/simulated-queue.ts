import type { Actor, Gate } from './gate.ts';
import type { FunctionName } from './handlers.ts';
import type { Lambda } from './simulated-lambda.ts';

/** An asynchronous event: EventBridge's, for dispatch (of a slot, by its number) or for settle; or a person's. */
export type Letter = { fn: FunctionName; event: unknown; run: string; slot?: number };

export type Queue = {
  deliver(letter: Letter): void;
  /** What Lambda gave up after its retries: somebody delivers it again when its cause is gone. */
  dead: Letter[];
};

/** Lambda's own retries of an asynchronous event, in seconds. */
const delays = [60, 120];
/** An event that comes this late is past what Scheduler and Lambda keep, in milliseconds. */
const lateMs = 31 * 3600 * 1000;

/** Lambda's asynchronous invocation: at least once, two more tries, then a dead letter. */
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
      const heard = await lambda.invoke(fn, event, { machine: false, run });
      if (heard.ok) return;
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
