import type { Edit } from '../product-bundle.ts';

/** The product with a guard taken away, and the invariant that then no longer holds. */
export type Mutant = { name: string; breaks: string; jobs: string[]; edits: Edit[] };

export const edit = (file: string, find: string, replace: string): Edit => ({ file, find, replace });
export const mutant = (breaks: string, name: string, jobs: string[], ...edits: Edit[]): Mutant => ({
  ...{ name, breaks, jobs, edits },
});
