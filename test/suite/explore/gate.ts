/** What kind of thing leaves a process, or happens in the service around it. */
export type Kind = 'deliver' | 'enter' | 'invoke' | 'wait' | 'read' | 'write' | 'start' | 'stop' | 'model' | 'act';

/** Who passes the gate: a process, an execution, or a queue. */
export type Actor = { name: string };

/** What came of a point: the world's answer, its error, or the fault that was put there. */
export type Answer = { fault?: string; value?: unknown; error?: Error };

/** What an actor wants to do. `carryOut` does it in the world, at once and whole. */
export type Ask = { kind: Kind; what: string; input?: unknown; wakeAt?: number; carryOut?: () => unknown };

/** An actor that waits at the gate. */
export type Point = Required<Omit<Ask, 'input'>> & { input: unknown; actor: Actor; answer(answer: Answer): void };

/** Everything that leaves a process waits here until it is let through, one at a time: an order of these is a schedule. */
export type Gate = {
  pass(actor: Actor, ask: Ask): Promise<Answer>;
  /** Who waits, in order of arrival. */
  waiting: Point[];
  /** Takes a point out, to be answered or not. */
  take(point: Point): void;
  /** Forgets what a dead actor waits for. */
  drop(actor: Actor): void;
};

export const openGate = (): Gate => {
  const waiting: Point[] = [];
  return {
    waiting,
    pass: (actor, { kind, what, input, wakeAt = 0, carryOut = () => undefined }) =>
      new Promise((answer) => {
        waiting.push({ actor, kind, what, input, wakeAt, carryOut, answer });
      }),
    take(point) {
      waiting.splice(waiting.indexOf(point), 1);
    },
    drop(actor) {
      for (const point of waiting.filter((each) => each.actor === actor)) waiting.splice(waiting.indexOf(point), 1);
    },
  };
};
