import type { Edit } from '../product-bundle.ts';

/** Edits that remove a guard of the product, and the invariant that breaks without it. */
export type Mutant = { name: string; breaks: string; jobs: string[]; edits: Edit[] };

export const edit = (file: string, find: string, replace: string): Edit => ({ file, find, replace });
export const mutant = (breaks: string, name: string, jobs: string[], ...edits: Edit[]): Mutant => ({
  ...{ name, breaks, jobs, edits },
});
