import { together } from './mutant/concurrent-runs.ts';
import { done } from './mutant/done.ts';
import type { Mutant } from './mutant/mutant.ts';
import { said } from './mutant/said.ts';
import { stored } from './mutant/stored-items.ts';

/** Every guard that is taken away in turn. A mutant that no schedule finds fails the explorer. */
export const mutants: Mutant[] = [...stored, ...said, ...done, ...together];
