import { firstPrompt, type Prompt } from '../agent/prompt.ts';
import { Failure } from '../failure.ts';
import type { Attempt, Attempts } from '../run/attempt.ts';
import { textOf } from '../run/message.ts';
import { resultReader } from '../run/result.ts';
import { existingRun, type Run, type Runs, runName } from '../run/run.ts';
import { type Sessions, sessionKey } from '../run/session.ts';
import type { Step } from '../run/step.ts';

/** An attempt with its first prompt and its committed steps. */
export type Tried = Attempt & { prompt: Prompt; steps: Step[] };

/** A run with all its attempts. */
export type RunHistory = { run: Run; attempts: Tried[] };

/** Throws UnknownRun if a text does not have the form of a run id. */
export const mustBeRunId = (id: string): void => {
  try {
    runName(id);
  } catch (cause) {
    const form = '<job>_20261122T070000Z or <job>_20261122T070000Z_<suffix>';
    throw new Failure('UnknownRun', `there is no run "${id}": a run id looks like ${form}`, { cause });
  }
};

/**
 * Reads a run's history. Throws UnknownRun. It reads the run before its sessions, so a run with an outcome is complete.
 * Closed attempts of `earlier`, a previous history of the run, are not read again.
 */
export const runHistory = async (
  runId: string,
  { runs, attempts, sessions }: { runs: Runs; attempts: Attempts; sessions: Sessions },
  earlier?: RunHistory,
): Promise<RunHistory> => {
  const run = await existingRun(runId, runs);
  const stored = await attempts.list(runId);
  const closed = new Map(
    earlier?.attempts.flatMap(({ number, failed, steps }) => (failed ? [[number, steps] as const] : [])),
  );
  const complete = stored.map(async (attempt, at): Promise<Tried> => {
    const steps = closed.get(attempt.number) ?? (await sessions.load(sessionKey(runId, attempt.number)));
    const failure = stored[at - 1]?.failed?.failure ?? null;
    return { ...attempt, prompt: firstPrompt(run, { failure, told: attempt.told }), steps };
  });
  return { run, attempts: await Promise.all(complete) };
};

/** The result of a succeeded run: a value if the job has a schema, else text. Null for any other run. */
export const resultOf = async ({ run, attempts }: RunHistory): Promise<unknown> => {
  const { outcome, job } = run;
  if (outcome?.status !== 'succeeded') return null;
  const lastStep = attempts.find(({ number }) => number === outcome.attempts)?.steps.at(-1);
  if (!lastStep) return null;
  const text = textOf(lastStep.messages[0]);
  const result = (await resultReader(job.result))(text);
  return 'value' in result ? result.value : text;
};
