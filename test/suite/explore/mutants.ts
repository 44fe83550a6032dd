import { effectMutants } from './mutant/effect-mutants.ts';
import type { Mutant } from './mutant/mutant.ts';
import { outcomeMutants } from './mutant/outcome-mutants.ts';
import { policyMutants } from './mutant/policy-mutants.ts';
import { promptMutants } from './mutant/prompt-mutants.ts';
import { storageMutants } from './mutant/storage-mutants.ts';

/** Every mutant: the product without one of its guards. A mutant that no schedule finds fails the explorer. */
export const mutants: Mutant[] = [
  ...storageMutants,
  ...promptMutants,
  ...effectMutants,
  ...outcomeMutants,
  ...policyMutants,
];
