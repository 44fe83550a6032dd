import { done } from './mutant/effect-mutants.ts';
import type { Mutant } from './mutant/mutant.ts';
import { together } from './mutant/policy-mutants.ts';
import { said } from './mutant/prompt-mutants.ts';
import { stored } from './mutant/storage-mutants.ts';

/** Every guard that is taken away in turn. A mutant that no schedule finds fails the explorer. */
export const mutants: Mutant[] = [...stored, ...said, ...done, ...together];
