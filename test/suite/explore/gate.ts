/** The kind of a request that leaves a process, or of an event in the service around it. */
export type Kind = 'deliver' | 'enter' | 'invoke' | 'wait' | 'read' | 'write' | 'start' | 'stop' | 'model' | 'act';

/** A process, an execution or a queued event that passes the gate. */
export type Actor = { name: string };

/** The result of a point: a value, an error, or the injected fault. */
export type Answer = { fault?: string; value?: unknown; error?: Error };

/** A request of an actor. `perform` carries it out atomically. */
export type Ask = { kind: Kind; what: string; input?: unknown; wakeAt?: number; perform?: () => unknown };

/** A request that waits at the gate. */
export type Point = Required<Omit<Ask, 'input'>> & { input: unknown; actor: Actor; answer(answer: Answer): void };

/** Holds every request until the simulation lets it pass, one at a time. The order in which requests pass is a schedule. */
export type Gate = {
  pass(actor: Actor, ask: Ask): Promise<Answer>;
  /** The waiting points, in order of arrival. */
  waiting: Point[];
  /** Removes a point without an answer. */
  take(point: Point): void;
  /** Removes every point of a dead actor. */
  drop(actor: Actor): void;
};

export const openGate = (): Gate => {
  const waiting: Point[] = [];
  return {
    waiting,
    pass: (actor, { kind, what, input, wakeAt = 0, perform = () => undefined }) =>
      new Promise((answer) => {
        waiting.push({ actor, kind, what, input, wakeAt, perform, answer });
      }),
    take(point) {
      waiting.splice(waiting.indexOf(point), 1);
    },
    drop(actor) {
      for (const point of waiting.filter((each) => each.actor === actor)) waiting.splice(waiting.indexOf(point), 1);
    },
  };
};
