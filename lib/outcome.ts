import * as z from 'zod';
import { type FailureName, failures } from './failure.ts';
import { Usage } from './usage.ts';

const ended = { usage: Usage, endedAt: z.string() };
export const FailureNameSchema = z.enum(Object.keys(failures) as [FailureName, ...FailureName[]]);

/** A run's single end. `succeeded` points at the attempt and step that hold its result. */
export const Outcome = z.discriminatedUnion('status', [
  z.strictObject({ status: z.literal('succeeded'), attempts: z.int().positive(), steps: z.int().positive(), ...ended }),
  z.strictObject({
    status: z.literal('failed'),
    failure: FailureNameSchema,
    message: z.string(),
    attempts: z.int().nonnegative(),
    ...ended,
  }),
  z.strictObject({ status: z.literal('skipped'), why: z.enum(['disabled', 'late']), ...ended }),
]);
export type Outcome = z.infer<typeof Outcome>;
