import type { Run } from '../../lib/run.ts';

/** The first suffix that no run of a slot has: `first`, then `word-2`, `word-3`, … */
export const freeSuffix = (word: string, first: string, runs: Run[]): string => {
  const taken = new Set(runs.map(({ suffix }) => suffix));
  for (let number = 1; ; number++) {
    const suffix = number === 1 ? first : `${word}-${number}`;
    if (!taken.has(suffix)) return suffix;
  }
};
