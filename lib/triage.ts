import * as z from 'zod';
import { type Attempt, type AttemptFailure, AttemptInput, type Attempts } from './attempt.ts';
import { Failure, type FailureName, failureName } from './failure.ts';
import { FailureNameSchema } from './outcome.ts';
import { decide } from './retry.ts';
import type { Run, Runs } from './run.ts';
import { committedUsage, type Sessions, sessionKey } from './session.ts';
import { addUsage, Usage } from './usage.ts';

const Returned = z.strictObject({
  status: z.literal('failed'),
  failure: FailureNameSchema,
  message: z.string(),
  usage: Usage,
  retryAfterSeconds: z.number().nonnegative().optional(),
});
/** What Step Functions' Catch leaves: `Error` is the thrown error's name, or Lambda's own for a dead process. */
const Caught = z.object({ Error: z.string(), Cause: z.string().optional() });

/** The state data of a failed or dead attempt. */
export const TriageInput = AttemptInput.extend({ result: z.union([Returned, Caught]) });
export type TriageInput = z.infer<typeof TriageInput>;

/** What the state machine does next. `spent` is the usage of the whole run so far. */
export type TriageResult =
  | { status: 'retry'; attempt: number; delaySeconds: number; spent: Usage; note: FailureName }
  | { status: 'give-up'; failure: FailureName; message: string; spent: Usage };

export type TriageDeps = {
  stores: { runs: Runs; attempts: Attempts; sessions: Sessions };
  now(): Date;
  random(): number;
  /** Told of each attempt it closes. */
  closed(run: Run, attempt: Attempt): void;
};

/**
 * Closes a failed attempt, which a dead process cannot do itself, and decides what follows. The decision is kept with the
 * attempt: told again of the same one, it answers the same. Throws SessionConflict where another triage was faster.
 */
export const triage = async (input: TriageInput, deps: TriageDeps): Promise<TriageResult> => {
  const { runs, attempts } = deps.stores;
  const run = await runs.get(input.runId);
  if (!run) throw new Failure('UnknownRun', `there is no run ${input.runId}`);
  const seen = await attempts.get(input.runId, input.attempt);
  if (seen?.failed) return answer(input, seen.failed);
  const failed = await failureOf(input, run, deps);
  const { runId, attempt: number } = input;
  const startedAt = seen?.startedAt ?? failed.endedAt;
  const closed: Attempt = { runId, number, startedAt, failed, version: (seen?.version ?? 0) + 1 };
  await attempts.put(closed);
  deps.closed(run, closed);
  return answer(input, failed);
};

const answer = (
  { attempt, spent: before }: TriageInput,
  { decision, failure, message, usage }: AttemptFailure,
): TriageResult => {
  const spent = addUsage(before, usage);
  if (decision.status === 'give-up') return { status: 'give-up', failure, message, spent };
  return { status: 'retry', attempt: attempt + 1, delaySeconds: decision.delaySeconds, spent, note: failure };
};

const failureOf = async (
  { runId, attempt, result }: TriageInput,
  run: Run,
  deps: TriageDeps,
): Promise<AttemptFailure> => {
  const { failure, message, retryAfterSeconds } = 'Error' in result ? died(result.Error) : result;
  // The dead told nothing, and the loser of a claim knows nothing of the winner's work: what is committed counts.
  const told = 'Error' in result || failure === 'SessionConflict' ? undefined : result.usage;
  const usage = told ?? (await committedUsage(sessionKey(runId, attempt), deps.stores.sessions));
  const decision = run.outcome
    ? { status: 'give-up' as const }
    : decide({ failure, attempt, retryAfterSeconds }, run.job.retry, deps.random());
  return { failure, message, usage, endedAt: deps.now().toJSON(), decision };
};

const died = (error: string): { failure: FailureName; message: string; retryAfterSeconds?: undefined } => ({
  failure: failureName(error),
  message: `the attempt died: ${error}`,
});
