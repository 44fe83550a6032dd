import { expect } from 'vitest';
import { Failure, type FailureName } from '../../lib/failure.ts';

/** The failure that the work ends with. Anything else thrown, or nothing, is the test's own failure. */
export const failureOf = async (work: Promise<unknown>): Promise<Failure> => {
  const thrown = await work.then(
    () => 'nothing',
    (error: unknown) => error,
  );
  if (thrown instanceof Failure) return thrown;
  throw new Error('expected a Failure', { cause: thrown });
};

/** The ending of each promise: the name of its failure, or `won`. */
export const ends = (all: Promise<unknown>[]): Promise<(FailureName | 'won')[]> =>
  Promise.all(
    all.map((one) =>
      one.then(
        () => 'won' as const,
        async () => (await failureOf(one)).name,
      ),
    ),
  );

/** Expects exactly one winner and the same named failure for all others. */
export const expectOneWinner = (ended: string[], loss: FailureName): number => {
  expect(ended.filter((end) => end === 'won')).toHaveLength(1);
  expect(ended.filter((end) => end === loss)).toHaveLength(ended.length - 1);
  return ended.indexOf('won');
};
