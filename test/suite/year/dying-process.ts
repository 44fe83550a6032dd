import type { WatchDeps } from '../../../lib/watch/watchman.ts';

type Call = (...args: never[]) => Promise<unknown>;

/** A process that dies at its nth call of the outside: before the call is carried out, or after, so that its answer is lost. */
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
          if (left < 0) throw new Error('dead already');
          if (left > 0) return call(...args);
          if (carried) await call(...args);
          throw new Error('killed');
        },
      ]),
    );
  const stores = Object.fromEntries(Object.entries(deps.stores).map(([name, port]) => [name, fated(Object(port))]));
  return { ...deps, executions: fated(deps.executions) as Deps['executions'], stores: stores as Deps['stores'] };
};
