import type { BoundaryName } from './boundaries.ts';
import type { Checked } from './boundary.ts';

/** An order to a worker. `pulse` counts the cases that the worker has begun. */
export type Order = {
  name: BoundaryName;
  seed: number;
  path: string | undefined;
  cases: number;
  pulse: SharedArrayBuffer;
};

/** The result of an order: the number of cases by verdict, and the first failure. */
export type Found = Checked & { seen: Record<string, number> };
