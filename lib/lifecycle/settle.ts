import * as z from 'zod';
import type { FailureName } from '../failure.ts';
import { AttemptInput, type Attempts } from '../run/attempt.ts';
import type { Effects } from '../run/effect.ts';
import { effectCount } from '../run/effect-count.ts';
import { FailureNameSchema, type Outcome, type Ran } from '../run/outcome.ts';
import { type EndedRun, existingRun, isEnded, type Run } from '../run/run.ts';
import { committed, type Sessions, sessionKey } from '../run/session.ts';
import { addUsage, noUsage, Usage } from '../usage.ts';
import { type ReleaseDeps, release } from './release.ts';

const Done = z.strictObject({ status: z.literal('done'), steps: z.int().positive(), usage: Usage });
const GivenUp = z.strictObject({
  status: z.literal('give-up'),
  failure: FailureNameSchema,
  message: z.string(),
  spent: Usage,
});

/** The state data of a run whose last attempt is over. */
export const SettleInput = AttemptInput.extend({ result: z.discriminatedUnion('status', [Done, GivenUp]) });
export type SettleInput = z.infer<typeof SettleInput>;

/** An execution that ended without its Settle state. `error` is the error's name, where Step Functions has one. */
export type Death = { runId: string; status: 'FAILED' | 'TIMED_OUT' | 'ABORTED'; error?: string | null | undefined };

/** How a run's execution ended: at its Settle state, or before it. */
export type ExecutionEnd = { ended: SettleInput } | { died: Death };

export type SettleDeps = ReleaseDeps & {
  stores: { attempts: Attempts; sessions: Sessions; effects: Effects };
};

/**
 * Records a run's outcome once, then releases the run. A run that has an outcome keeps it, and settle returns that one. Throws UnknownRun,
 * RunConflict or SessionConflict where another process was faster, and JobConflict as `release` does.
 */
export const settle = async (end: ExecutionEnd, deps: SettleDeps): Promise<Outcome> => {
  const run = await existingRun('died' in end ? end.died.runId : end.ended.runId, deps.stores.runs);
  const settled = isEnded(run) ? run : await recordOutcome(run, end, deps);
  await release(settled, deps);
  return settled.outcome;
};

const recordOutcome = async (run: Run, end: ExecutionEnd, { stores, now, observer }: SettleDeps): Promise<EndedRun> => {
  const endedAt = now().toJSON();
  const ended =
    'died' in end ? await outcomeOfDeath(run, end.died, endedAt, stores) : outcomeOfInput(end.ended, endedAt);
  const outcome = { ...ended, ...(await effectsOf(run, stores)) };
  const settled = { ...run, outcome, version: run.version + 1 };
  await stores.runs.put(settled);
  observer.runSettled(settled);
  return settled;
};

/** What became of the run's calls that change the world, as stored. Only tools make them. */
const effectsOf = async ({ id, job }: Run, { effects }: SettleDeps['stores']): Promise<Pick<Ran, 'effects'>> => {
  const counted = job.tools.length > 0 ? effectCount(await effects.list(id), job.limits.effects) : undefined;
  return counted ? { effects: counted } : {};
};

const outcomeOfInput = ({ attempt, spent, result }: SettleInput, endedAt: string): Ran => {
  if (result.status === 'done') {
    const usage = addUsage(spent, result.usage);
    return { status: 'succeeded', attempts: attempt, steps: result.steps, usage, endedAt };
  }
  const { failure, message } = result;
  return { status: 'failed', failure, message, attempts: attempt, usage: result.spent, endedAt };
};

const failureOf = { FAILED: 'ExecutionFailed', TIMED_OUT: 'ExecutionTimedOut', ABORTED: 'ExecutionAborted' } as const;

/** The error with which a newer run of the job stops this run's execution. */
export const superseded: FailureName = 'Superseded';

/**
 * The outcome of a run whose execution died, from what its attempts committed. Closes the open attempt, or else the next one, so that a process
 * at work on it makes no more effects. Throws SessionConflict where that process was faster.
 */
const outcomeOfDeath = async (
  run: Run,
  { status, error }: Death,
  endedAt: string,
  { attempts, sessions }: SettleDeps['stores'],
): Promise<Ran> => {
  const begun = await attempts.list(run.id);
  const work = await Promise.all(
    begun.map(({ number }) => committed(sessionKey(run.id, number), run.job.result, sessions)),
  );
  const usage = begun.map(({ failed }, at) => failed?.usage ?? work[at]?.usage ?? noUsage).reduce(addUsage, noUsage);
  const last = begun.at(-1);
  const facts = { attempts: last?.number ?? 0, usage, endedAt };
  if (last?.failed?.decision.status === 'give-up') {
    return { status: 'failed', failure: last.failed.failure, message: last.failed.message, ...facts };
  }
  const lastWork = work.at(-1);
  const isStopped = status === 'ABORTED' && error !== superseded;
  if (last && !last.failed && lastWork?.answered && !isStopped) {
    return { status: 'succeeded', steps: lastWork.steps, ...facts };
  }
  const [failure, message] =
    error === superseded
      ? [superseded, 'a newer run of the job took its place']
      : [failureOf[status], `the execution ended as ${status}`];
  const open = last?.failed ? undefined : last;
  const stopped = open ?? { runId: run.id, number: facts.attempts + 1, startedAt: endedAt, version: 0 };
  const spent = open && lastWork ? lastWork.usage : noUsage;
  const failed = { failure, message, usage: spent, endedAt, decision: { status: 'give-up' as const } };
  await attempts.put({ ...stopped, failed, version: stopped.version + 1 });
  return { status: 'failed', failure, message, ...facts, attempts: stopped.number };
};
