import { firstPrompt, type Prompt } from '../agent/prompt.ts';
import { Failure } from '../failure.ts';
import type { Attempt, Attempts } from '../run/attempt.ts';
import { textOf } from '../run/message.ts';
import { resultReader } from '../run/result.ts';
import { existingRun, type Run, type Runs, runName } from '../run/run.ts';
import { type Sessions, sessionKey } from '../run/session.ts';
import type { Step } from '../run/step.ts';

/** An attempt with the prompt its session began with, and its committed steps. */
export type Tried = Attempt & { prompt: Prompt; steps: Step[] };

/** All that is remembered of a run. */
export type RunHistory = { run: Run; attempts: Tried[] };

/** Throws UnknownRun for what no run could be called. */
export const mustBeRunId = (id: string): void => {
  try {
    runName(id);
  } catch (cause) {
    const form = '<job>_20261122T070000Z or <job>_20261122T070000Z_<suffix>';
    throw new Failure('UnknownRun', `there is no run "${id}": a run id looks like ${form}`, { cause });
  }
};

/**
 * Reads a run's history, or throws UnknownRun. The run is read first and the sessions last: a run with an outcome is
 * whole. Sessions of attempts that `earlier` knew as closed are not read again.
 */
export const runHistory = async (
  runId: string,
  { runs, attempts, sessions }: { runs: Runs; attempts: Attempts; sessions: Sessions },
  earlier?: RunHistory,
): Promise<RunHistory> => {
  const run = await existingRun(runId, runs);
  const tried = await attempts.list(runId);
  const known = new Map(earlier?.attempts.flatMap((one) => (one.failed ? [[one.number, one.steps] as const] : [])));
  const complete = tried.map(async (attempt, at): Promise<Tried> => {
    const steps = known.get(attempt.number) ?? (await sessions.load(sessionKey(runId, attempt.number)));
    const note = tried[at - 1]?.failed?.failure ?? null;
    return { ...attempt, prompt: firstPrompt(run, note), steps };
  });
  return { run, attempts: await Promise.all(complete) };
};

/** A succeeded run's result: the value where the job types it, else the answer's text. Null for any other run. */
export const resultOf = async ({ run, attempts }: RunHistory): Promise<unknown> => {
  const { outcome, job } = run;
  if (outcome?.status !== 'succeeded') return null;
  const answer = attempts.find(({ number }) => number === outcome.attempts)?.steps.at(-1);
  if (!answer) return null;
  const text = textOf(answer.messages[0]);
  const result = (await resultReader(job.result))(text);
  return 'value' in result ? result.value : text;
};
