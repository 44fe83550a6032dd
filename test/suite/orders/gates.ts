import { setImmediate } from 'node:timers/promises';

/** The fate of a call: it succeeds, or its process dies before or after it. */
type Fate = 'well' | 'before' | 'after';

type Waiting = { actor: string; call: string; pass(fate: Fate): Promise<void> };

/** The error of a killed process. */
export class Killed extends Error {}

/**
 * Processes of which one moves at a time. Every call of a process waits at a gate until it may pass.
 * `now` counts the passed calls, and `trace` describes them in order.
 */
export const gates = () => {
  const waiting: Waiting[] = [];
  const alive = new Set<string>();
  const trace: string[] = [];
  let now = 0;
  let made = 0;

  /** Makes the call unless its process dies before, and returns what the process receives. */
  const carriedOut = async <T>(work: () => Promise<T>, fate: Fate, killed: Killed): Promise<() => T> => {
    const dies = () => {
      throw killed;
    };
    if (fate === 'before') return dies;
    const heard = await work().then(
      (value) => () => value,
      (thrown: unknown) => () => {
        throw thrown;
      },
    );
    return fate === 'after' ? dies : heard;
  };

  const through = <T>(actor: string, call: string, work: () => Promise<T>): Promise<T> =>
    new Promise((resolve) => {
      const pass = async (fate: Fate): Promise<void> => {
        now += 1;
        trace.push(`${actor}: ${call}${fate === 'well' ? '' : `, killed ${fate}`}`);
        const heard = await carriedOut(work, fate, new Killed(`${actor} was killed ${fate} ${call}`));
        resolve(Promise.resolve().then(heard));
      };
      waiting.push({ actor, call, pass });
    });

  /** Waits until the process waits at a gate or has ended. */
  const rest = async (actor: string): Promise<void> => {
    while (alive.has(actor) && !waiting.some((call) => call.actor === actor)) await setImmediate();
  };

  return {
    through,
    trace,
    now: () => now,
    waiting: (): readonly Waiting[] => waiting,
    /** Starts a process and waits until it waits at a gate or has ended. */
    async spawn(name: string, work: (actor: string) => Promise<unknown>): Promise<void> {
      const actor = `${name}/${++made}`;
      alive.add(actor);
      const run = async () => {
        try {
          trace.push(`${actor} = ${JSON.stringify(await work(actor))}`);
        } catch (thrown) {
          trace.push(`${actor} threw ${thrown}`);
        } finally {
          alive.delete(actor);
        }
      };
      void run();
      await rest(actor);
    },
    /** Lets a waiting call pass, and waits until its process waits again or has ended. */
    async pass(at: number, fate: Fate): Promise<void> {
      const [call] = waiting.splice(at, 1);
      if (!call) return;
      await call.pass(fate);
      await rest(call.actor);
    },
  };
};
export type Gates = ReturnType<typeof gates>;
