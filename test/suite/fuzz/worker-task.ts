import type { BoundaryName } from './boundaries.ts';
import type { Checked } from './boundary.ts';

/** What a worker is to do. `pulse` holds how many cases it has begun. */
export type Order = {
  name: BoundaryName;
  seed: number;
  path: string | undefined;
  cases: number;
  pulse: SharedArrayBuffer;
};

/** What it found: how many cases ended how, and what broke. */
export type Found = Checked & { seen: Record<string, number> };
