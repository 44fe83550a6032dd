import * as z from 'zod';
import { type FailureName, failures } from '../failure.ts';
import { noUsage, tokens, Usage } from '../usage.ts';
import { EffectCount } from './effect-count.ts';

const endFields = { usage: Usage, endedAt: z.string() };
/** Absent in runs without calls that change the world, and in runs of earlier versions. */
const effects = EffectCount.optional();
export const FailureNameSchema = z.enum(Object.keys(failures) as [FailureName, ...FailureName[]]);

/** Why a slot was skipped. `caught-up`: a later run covers it. `fold`: clocks repeat its local time, and the later one runs. */
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
 * A run's single end. `succeeded` names the attempt and step with its result. `missed`: the slot was not delivered in time, and its job
 * does not catch it up. `message`: the reason in words. `by`: the run that a skipped slot gave way to.
 */
export const Outcome = z.discriminatedUnion('status', [
  z.strictObject({
    status: z.literal('succeeded'),
    attempts: z.int().positive(),
    steps: z.int().positive(),
    effects,
    ...endFields,
  }),
  z.strictObject({
    status: z.literal('failed'),
    failure: FailureNameSchema,
    message: z.string(),
    attempts: z.int().nonnegative(),
    effects,
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

/** Why a run is skipped: the reason, its details in words, and the run it gave way to. */
export const Skip = z.strictObject({ why: SkipReason, message: z.string().optional(), by: z.string().optional() });
export type Skip = z.infer<typeof Skip>;

/** The outcome of a skipped run. */
export const skipped = ({ why, message, by }: Skip, now: Date): Extract<Outcome, { status: 'skipped' }> => ({
  status: 'skipped',
  why,
  ...(message === undefined ? {} : { message }),
  ...(by === undefined ? {} : { by }),
  usage: noUsage,
  endedAt: now.toJSON(),
});

/** The outcome of a run that had an execution: it succeeded or failed. */
export type Ran = Extract<Outcome, { attempts: number }>;
export const hasRun = (outcome: Outcome | null): outcome is Ran => outcome !== null && 'attempts' in outcome;

/** The cost of a run in US dollars. Null where it is not known: its model has no known price, or no usage was reported, as before the first reply. */
export const costOf = (outcome: Outcome): number | null => {
  const { usage } = outcome;
  return hasRun(outcome) && tokens(usage) === 0 && usage.usd === 0 ? null : usage.usd;
};
