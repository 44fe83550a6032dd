import * as z from 'zod';
import { type FailureName, failureName } from '../failure.ts';
import { type Attempt, type AttemptFailure, AttemptInput, type Attempts } from '../run/attempt.ts';
import type { Observer } from '../run/observer.ts';
import { FailureNameSchema } from '../run/outcome.ts';
import { existingRun, type Runs } from '../run/run.ts';
import { committed, type Sessions, sessionKey } from '../run/session.ts';
import { addUsage, noUsage, tokens, Usage } from '../usage.ts';
import { decide } from './retry.ts';

const Returned = z.strictObject({
  status: z.literal('failed'),
  failure: FailureNameSchema,
  message: z.string(),
  usage: Usage,
  retryAfterSeconds: z.number().nonnegative().optional(),
  tryAgain: z.boolean().optional(),
});
/** What Step Functions' Catch reports: `Error` is the thrown error's name, or Lambda's own name for a dead process. */
const Caught = z.object({ Error: z.string(), Cause: z.string().optional() });

/** The state data of a failed or dead attempt. */
export const TriageInput = AttemptInput.extend({ result: z.union([Returned, Caught]) });
export type TriageInput = z.infer<typeof TriageInput>;

/** What the state machine does next. `spent`: the usage of the whole run so far. */
export type TriageResult =
  | { status: 'retry'; attempt: number; delaySeconds: number; spent: Usage; note: FailureName }
  | { status: 'give-up'; failure: FailureName; message: string; spent: Usage }
  | { status: 'done'; steps: number; usage: Usage };

export type TriageDeps = {
  stores: { runs: Runs; attempts: Attempts; sessions: Sessions };
  now(): Date;
  random(): number;
  observer: Pick<Observer, 'attemptClosed'>;
};

/**
 * Closes a failed attempt, and decides whether another follows. The decision is stored with the attempt, so a second call returns the
 * same. An attempt that committed its answer and then died is done.
 *
 * Throws UnknownRun, and SessionConflict where another triage was faster.
 */
export const triage = async (input: TriageInput, deps: TriageDeps): Promise<TriageResult> => {
  const { runs, attempts, sessions } = deps.stores;
  const run = await existingRun(input.runId, runs);
  const reported = 'Error' in input.result ? died(input.result.Error) : input.result;
  const { failure, message, retryAfterSeconds, tryAgain } = reported;
  if (run.outcome) return { status: 'give-up', failure, message, spent: input.spent };
  const seen = await attempts.get(input.runId, input.attempt);
  if (seen?.failed) return resultOf(input, seen.failed);
  const {
    answered,
    steps,
    usage: committedUsage,
  } = await committed(sessionKey(input.runId, input.attempt), run.job.result, sessions);
  if (answered) return { status: 'done', steps, usage: committedUsage };
  const { runId, attempt: number } = input;
  const failed: AttemptFailure = {
    failure,
    message,
    usage: larger(reported.usage, committedUsage),
    endedAt: deps.now().toJSON(),
    decision: decide({ failure, attempt: number, retryAfterSeconds, tryAgain }, run.job.retry, deps.random()),
  };
  const begun = seen ?? { runId, number, startedAt: failed.endedAt, version: 0 };
  const closed: Attempt = { ...begun, failed, version: begun.version + 1 };
  await attempts.put(closed);
  deps.observer.attemptClosed(run, closed);
  return resultOf(input, failed);
};

const resultOf = (
  { attempt, spent: before }: TriageInput,
  { decision, failure, message, usage }: AttemptFailure,
): TriageResult => {
  const spent = addUsage(before, usage);
  if (decision.status === 'give-up') return { status: 'give-up', failure, message, spent };
  return { status: 'retry', attempt: attempt + 1, delaySeconds: decision.delaySeconds, spent, note: failure };
};

/** The attempt's usage: at least what it committed. An attempt that died, or failed before it read its session, reports less. */
const larger = (reported: Usage, committedUsage: Usage): Usage =>
  tokens(reported) >= tokens(committedUsage) && committedUsage.usd !== null ? reported : committedUsage;

/** Lambda's name for a function that was not called, because the account or the function had no free concurrency. */
const throttled = 'Lambda.TooManyRequestsException';

const died = (
  error: string,
): { failure: FailureName; message: string; usage: Usage; retryAfterSeconds?: undefined; tryAgain?: undefined } => ({
  failure: error === throttled ? 'LambdaThrottled' : failureName(error),
  message: error === throttled ? 'Lambda had no free concurrency for an hour' : `the attempt died: ${error}`,
  usage: noUsage,
});
