import * as z from 'zod';
import { type FailureName, failures } from '../failure.ts';
import { noUsage, Usage } from '../usage.ts';

const endFields = { usage: Usage, endedAt: z.string() };
export const FailureNameSchema = z.enum(Object.keys(failures) as [FailureName, ...FailureName[]]);

/** Why a slot was not run. `caught-up`: a later run stands for it. `fold`: its local time comes again, and is meant then. */
export const SkipReason = z.enum([
  'disabled',
  'late',
  'overlap',
  'paused',
  'breaker',
  'budget',
  'excluded',
  'fold',
  'caught-up',
]);
export type SkipReason = z.infer<typeof SkipReason>;

/**
 * A run's single end. `succeeded` points at the attempt and step that hold its result. `missed`: nobody delivered the slot in time, and its
 * job does not make up for it. `message` says in words what was known; `by` is the run that a skipped slot gave way to.
 */
export const Outcome = z.discriminatedUnion('status', [
  z.strictObject({
    status: z.literal('succeeded'),
    attempts: z.int().positive(),
    steps: z.int().positive(),
    ...endFields,
  }),
  z.strictObject({
    status: z.literal('failed'),
    failure: FailureNameSchema,
    message: z.string(),
    attempts: z.int().nonnegative(),
    ...endFields,
  }),
  z.strictObject({
    status: z.literal('skipped'),
    why: SkipReason,
    message: z.string().optional(),
    by: z.string().optional(),
    ...endFields,
  }),
  z.strictObject({ status: z.literal('missed'), message: z.string(), ...endFields }),
]);
export type Outcome = z.infer<typeof Outcome>;

/** Why a run was not made: the reason, what was known of it in words, and the run it gave way to. */
export const Skip = z.strictObject({ why: SkipReason, message: z.string().optional(), by: z.string().optional() });
export type Skip = z.infer<typeof Skip>;

/** The outcome of a run that is not made. */
export const skipped = ({ why, message, by }: Skip, now: Date): Extract<Outcome, { status: 'skipped' }> => ({
  status: 'skipped',
  why,
  ...(message === undefined ? {} : { message }),
  ...(by === undefined ? {} : { by }),
  usage: noUsage,
  endedAt: now.toJSON(),
});

/** An outcome of a run that was made, well or not: with attempts. */
export type Ran = Extract<Outcome, { attempts: number }>;
export const hasRun = (outcome: Outcome | null): outcome is Ran => outcome !== null && 'attempts' in outcome;
