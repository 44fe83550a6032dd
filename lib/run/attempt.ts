import * as z from 'zod';
import type { FailureName } from '../failure.ts';
import { Usage } from '../usage.ts';
import { Told } from './effect-count.ts';
import { FailureNameSchema } from './outcome.ts';

/** What triage decided after a failed attempt: another attempt after a wait, or none. */
export const Decision = z.discriminatedUnion('status', [
  z.strictObject({ status: z.literal('retry'), delaySeconds: z.int().nonnegative() }),
  z.strictObject({ status: z.literal('give-up') }),
]);
export type Decision = z.infer<typeof Decision>;

/** How an attempt failed, recorded when triage closed it. `message` is for people, and contains no prompt and no secret. */
export const AttemptFailure = z.strictObject({
  failure: FailureNameSchema,
  message: z.string(),
  usage: Usage,
  endedAt: z.string(),
  decision: Decision,
});
export type AttemptFailure = z.infer<typeof AttemptFailure>;

/** One try of a run. Its version counts its writes: the first claim, each continuation's claim, and the closing. */
export const Attempt = z.strictObject({
  runId: z.string(),
  number: z.int().positive(),
  startedAt: z.string(),
  failed: AttemptFailure.nullable(),
  /** Absent where earlier attempts made no calls that change the world. */
  told: Told.optional(),
  version: z.int().positive(),
});
export type Attempt = z.infer<typeof Attempt>;

/** The attempts of the service. */
export type Attempts = {
  /** The attempt, read consistently, or undefined. */
  get(runId: string, number: number): Promise<Attempt | undefined>;
  /** A run's attempts in order, read consistently. */
  list(runId: string): Promise<Attempt[]>;
  /** Creates version 1 where there is none, or replaces the version before. Otherwise throws SessionConflict. */
  put(attempt: Attempt): Promise<void>;
};

/** The attempt's state data in Step Functions. `version` is 0 for a new attempt, otherwise the version that its last invocation wrote. */
export const AttemptInput = z.strictObject({
  runId: z.string(),
  attempt: z.int().positive(),
  version: z.int().nonnegative(),
  spent: Usage,
  note: FailureNameSchema.nullable(),
});
export type AttemptInput = z.infer<typeof AttemptInput>;

/** What an invocation of an attempt returns. A named failure is a value; only a process that dies ends otherwise. */
export type AttemptResult =
  | { status: 'done'; steps: number; usage: Usage }
  | { status: 'continue'; version: number }
  | {
      status: 'failed';
      failure: FailureName;
      message: string;
      usage: Usage;
      retryAfterSeconds?: number;
      tryAgain?: boolean;
    };
