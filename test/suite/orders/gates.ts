import { setImmediate } from 'node:timers/promises';

/** What happens to a call that leaves a process: all well, or its process dies before it is made, or after. */
type Fate = 'well' | 'before' | 'after';

type Waiting = { actor: string; call: string; pass(fate: Fate): Promise<void> };

/** The same numbers from 0 to 1 for the same seed (mulberry32). */
export const randomOf = (seed: number): (() => number) => {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** What a process that is killed ends with. */
export class Killed extends Error {}

/**
 * Processes of which one moves at a time: whatever leaves one waits at a gate until it is let through. `now` counts the calls that were. `said`: what
 * was done, in order.
 */
export const gates = () => {
  const waiting: Waiting[] = [];
  const alive = new Set<string>();
  const said: string[] = [];
  let now = 0;
  let made = 0;

  /** Makes the call, if its process lives that long, and gives what the process hears of it. */
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
        said.push(`${actor}: ${call}${fate === 'well' ? '' : `, killed ${fate}`}`);
        const heard = await carriedOut(work, fate, new Killed(`${actor} was killed ${fate} ${call}`));
        resolve(Promise.resolve().then(heard));
      };
      waiting.push({ actor, call, pass });
    });

  /** Until the process waits again, or has ended. */
  const rest = async (actor: string): Promise<void> => {
    while (alive.has(actor) && !waiting.some((one) => one.actor === actor)) await setImmediate();
  };

  return {
    through,
    said,
    now: () => now,
    waiting: (): readonly Waiting[] => waiting,
    /** Begins a process. What it throws, but for its own death, is the law's failure. */
    async spawn(name: string, work: (actor: string) => Promise<unknown>): Promise<void> {
      const actor = `${name}/${++made}`;
      alive.add(actor);
      const run = async () => {
        try {
          said.push(`${actor} = ${JSON.stringify(await work(actor))}`);
        } catch (thrown) {
          said.push(`${actor} threw ${thrown}`);
        } finally {
          alive.delete(actor);
        }
      };
      void run();
      await rest(actor);
    },
    /** Lets one of those that wait through, and waits until its process waits again or has ended. */
    async pass(at: number, fate: Fate): Promise<void> {
      const [one] = waiting.splice(at, 1);
      if (!one) return;
      await one.pass(fate);
      await rest(one.actor);
    },
  };
};
export type Gates = ReturnType<typeof gates>;
