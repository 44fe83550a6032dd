import * as z from 'zod';
import type { FailureName } from '../failure.ts';
import { AttemptInput, type Attempts } from '../run/attempt.ts';
import { FailureNameSchema, type Outcome } from '../run/outcome.ts';
import { knownRun, type Run } from '../run/run.ts';
import { committed, type Sessions, sessionKey } from '../run/session.ts';
import { addUsage, noUsage, Usage } from '../usage.ts';
import { isEnded, type Ended as Over, type ReleaseDeps, release } from './release.ts';

const Done = z.strictObject({ status: z.literal('done'), steps: z.int().positive(), usage: Usage });
const GivenUp = z.strictObject({
  status: z.literal('give-up'),
  failure: FailureNameSchema,
  message: z.string(),
  spent: Usage,
});

/** The state data of a run that is over. */
const Ended = AttemptInput.extend({ result: z.discriminatedUnion('status', [Done, GivenUp]) });

/**
 * EventBridge's word of an execution that died ("Step Functions Execution Status Change"). Its name is the run's id.
 * The shape is AWS's: https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
 */
const Died = z.object({
  source: z.literal('aws.states'),
  'detail-type': z.literal('Step Functions Execution Status Change'),
  detail: z.object({
    name: z.string(),
    status: z.enum(['FAILED', 'TIMED_OUT', 'ABORTED']),
    error: z.string().nullish(),
  }),
});
type Died = z.infer<typeof Died>;

/** The same word, said by us of an execution that we have ended, or found dead. */
export const died = (runId: string, status: Died['detail']['status'], error?: string): Died => ({
  source: 'aws.states',
  'detail-type': 'Step Functions Execution Status Change',
  detail: { name: runId, status, error },
});

export const SettleInput = z.union([Ended, Died]);
export type SettleInput = z.infer<typeof SettleInput>;

export type SettleDeps = ReleaseDeps & {
  stores: { attempts: Attempts; sessions: Sessions };
};

/**
 * Records a run's outcome once, then accounts for it and starts the run that waited for its end. A run that has an outcome keeps it,
 * and that one is returned. Throws RunConflict where another settlement was faster, JobConflict as `account` does.
 */
export const settle = async (input: SettleInput, deps: SettleDeps): Promise<Outcome> => {
  const run = await knownRun('detail' in input ? input.detail.name : input.runId, deps.stores.runs);
  const over = isEnded(run) ? run : await recordOutcome(run, input, deps);
  await release(over, deps);
  return over.outcome;
};

const recordOutcome = async (run: Run, input: SettleInput, { stores, now, settled }: SettleDeps): Promise<Over> => {
  const endedAt = now().toJSON();
  const outcome =
    'detail' in input ? await outcomeOfDead(run, input.detail, endedAt, stores) : outcomeOf(input, endedAt);
  const over = { ...run, outcome, version: run.version + 1 };
  await stores.runs.put(over);
  settled(over);
  return over;
};

const outcomeOf = ({ attempt, spent, result }: z.infer<typeof Ended>, endedAt: string): Outcome => {
  if (result.status === 'done') {
    const usage = addUsage(spent, result.usage);
    return { status: 'succeeded', attempts: attempt, steps: result.steps, usage, endedAt };
  }
  const { failure, message } = result;
  return { status: 'failed', failure, message, attempts: attempt, usage: result.spent, endedAt };
};

const deaths = { FAILED: 'ExecutionFailed', TIMED_OUT: 'ExecutionTimedOut', ABORTED: 'ExecutionAborted' } as const;

/** A newer run that took this one's place stops its execution with this error. */
export const superseded: FailureName = 'Superseded';

/**
 * What can still be said of a run whose execution died: the table knows how far it came. The attempt that is open, or else the
 * one that would have come next, is closed, so that a process at work on it, or about to be, makes no more effects. Throws
 * SessionConflict where that process was faster.
 */
const outcomeOfDead = async (
  run: Run,
  { status, error }: Died['detail'],
  endedAt: string,
  { attempts, sessions }: SettleDeps['stores'],
): Promise<Outcome> => {
  const tried = await attempts.list(run.id);
  const left = await Promise.all(
    tried.map(({ number }) => committed(sessionKey(run.id, number), run.job.result, sessions)),
  );
  const used = tried.map(({ failed }, at) => failed?.usage ?? left[at]?.usage ?? noUsage);
  const usage = used.reduce(addUsage, noUsage);
  const last = tried.at(-1);
  const ended = { attempts: last?.number ?? 0, usage, endedAt };
  if (last?.failed?.decision.status === 'give-up') {
    return { status: 'failed', failure: last.failed.failure, message: last.failed.message, ...ended };
  }
  const answer = left.at(-1);
  const isStopped = status === 'ABORTED' && error !== superseded;
  if (last && !last.failed && answer?.answered && !isStopped) {
    return { status: 'succeeded', steps: answer.steps, ...ended };
  }
  const [failure, message] =
    error === superseded
      ? [superseded, 'a newer run of the job took its place']
      : [deaths[status], `the execution ended as ${status}`];
  const open = last?.failed ? undefined : last;
  const stopped = open ?? { runId: run.id, number: ended.attempts + 1, startedAt: endedAt, version: 0 };
  const spent = open && answer ? answer.usage : noUsage;
  const failed = { failure, message, usage: spent, endedAt, decision: { status: 'give-up' as const } };
  await attempts.put({ ...stopped, failed, version: stopped.version + 1 });
  return { status: 'failed', failure, message, ...ended, attempts: stopped.number };
};
