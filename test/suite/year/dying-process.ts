import type { WatchDeps } from '../../../lib/watch/watchman.ts';

type Call = (...args: never[]) => Promise<unknown>;

/** Ports of a process that dies at its nth call: before the call, or after it, so that its answer is lost. */
export const dying = <Deps extends Pick<WatchDeps, 'executions'> & { stores: object }>(
  deps: Deps,
  nth: number,
  carried: boolean,
): Deps => {
  let left = nth;
  const fated = (port: object): object =>
    Object.fromEntries(
      Object.entries(port).map(([name, call]: [string, Call]) => [
        name,
        async (...args: never[]) => {
          left -= 1;
          if (left < 0) throw new Error('the simulated process is dead');
          if (left > 0) return call(...args);
          if (carried) await call(...args);
          throw new Error('the simulated process was killed');
        },
      ]),
    );
  const stores = Object.fromEntries(Object.entries(deps.stores).map(([name, port]) => [name, fated(Object(port))]));
  return { ...deps, executions: fated(deps.executions) as Deps['executions'], stores: stores as Deps['stores'] };
};
