import * as z from 'zod';
import type { RunHistory, Tried } from '../../../lib/report/run-history.ts';
import { costOf, hasRun } from '../../../lib/run/outcome.ts';
import { type Run, runStatus } from '../../../lib/run/run.ts';
import { CallStatus, type Step } from '../../../lib/run/step.ts';
import { tokens, Usage } from '../../../lib/usage.ts';
import { counted, field } from './field.ts';

const EffectsJson = z.strictObject({
  doneCount: counted('calls that are done'),
  undoneCount: counted('calls that certainly were not made, and that no later call made good'),
  unknownCount: counted('calls that may have been made'),
  firstNotDone: z
    .strictObject({
      tool: z.string().describe('Name of the tool.'),
      place: z.string().nullable().describe('Where the call goes, as its tool names it.'),
      status: z.enum(['undone', 'unknown']),
      reason: z.string().nullable().describe('Why it is not done, in words.'),
    })
    .nullable()
    .describe('The first call that is not done, an unknown one before others.'),
});

/** A run in one flat object. An unknown value is null. */
export const RunJson = z.strictObject({
  run: field.run,
  job: field.job,
  slot: field.slot,
  model: z.string().describe('Model id.'),
  status: field.status,
  failure: field.failure,
  why: field.why,
  message: field.message,
  standIn: field.standIn,
  attempts: field.attempts,
  steps: z.int().nullable().describe('Number of steps in the attempt that succeeded.'),
  forgotten: z
    .strictObject({ at: z.string().describe('When, UTC.'), by: z.string().describe('Name of the person.') })
    .nullable()
    .describe('Who hid the result from later runs.'),
  startedAt: field.startedAt,
  endedAt: field.endedAt,
  durationMs: field.durationMs,
  tokens: z.int().nullable().describe('Input and output tokens of all attempts.'),
  usd: field.usd,
  effects: EffectsJson.nullable().describe(
    'Calls of the run that change the world. Null: it made none, or it goes on.',
  ),
});
export type RunJson = z.infer<typeof RunJson>;

const StepJson = z.strictObject({
  step: z.int().describe('Number of the step, from 1.'),
  startedAt: field.startedAt,
  modelMs: z.int().describe('Time of the model call, in milliseconds.'),
  toolMs: z.int().describe('Time of the tool calls, in milliseconds.'),
  usage: Usage.describe('Tokens and cost of the model call.'),
  messages: z
    .array(z.looseObject({ role: z.string() }))
    .describe('The turn: the reply, then tool results or a correction.'),
  calls: z.array(CallStatus).describe('How each tool call went.'),
});

const AttemptJson = z.strictObject({
  attempt: z.int().describe('Number of the attempt, from 1.'),
  startedAt: field.startedAt,
  endedAt: field.endedAt,
  failure: field.failure,
  message: field.message,
  delaySeconds: z.int().nullable().describe('Wait before the next attempt, null where there is none.'),
  prompt: z
    .strictObject({ system: z.string().optional(), prompt: z.string() })
    .describe('What the session began with.'),
  session: z.array(StepJson).describe('Committed steps, in order.'),
});

/** A run with everything that is stored about it. */
export const RunDetailJson = z.strictObject({
  ...RunJson.shape,
  origin: z.string().nullable().describe('`schedule`, `watchman` or `person`: who delivered the slot.'),
  slots: z.array(z.string()).describe('Every slot the run counts for, its own as the last.'),
  declaration: z.looseObject({ name: z.string() }).describe('The job as it was declared when the run was recorded.'),
  history: z.array(AttemptJson).describe('The attempts, in order.'),
  result: z.unknown().describe('The result of a run that succeeded: text, or JSON where the job types it. Else null.'),
});
export type RunDetailJson = z.infer<typeof RunDetailJson>;

const spent = (outcome: Run['outcome']) => ({
  tokens: outcome ? tokens(outcome.usage) : null,
  usd: outcome ? costOf(outcome) : null,
});

const effectsJson = (outcome: Run['outcome']): z.infer<typeof EffectsJson> | null => {
  if (!hasRun(outcome) || !outcome.effects) return null;
  const { done, undone, unknown, first } = outcome.effects;
  return { doneCount: done, undoneCount: undone, unknownCount: unknown, firstNotDone: first };
};

/** A run as programs read it. */
export const runJson = (run: Run): RunJson => {
  const { outcome } = run;
  return {
    run: run.id,
    job: run.job.name,
    slot: run.slot,
    model: run.job.model,
    status: runStatus(run),
    failure: outcome?.status === 'failed' ? outcome.failure : null,
    why: outcome?.status === 'skipped' ? outcome.why : null,
    message: outcome && 'message' in outcome ? (outcome.message ?? null) : null,
    standIn: outcome?.status === 'skipped' ? (outcome.by ?? null) : null,
    attempts: hasRun(outcome) ? outcome.attempts : null,
    steps: outcome?.status === 'succeeded' ? outcome.steps : null,
    forgotten: run.forgotten ?? null,
    startedAt: run.startedAt,
    endedAt: outcome?.endedAt ?? null,
    durationMs: outcome ? Date.parse(outcome.endedAt) - Date.parse(run.startedAt) : null,
    ...spent(outcome),
    effects: effectsJson(outcome),
  };
};

const stepJson = ({ number, startedAt, modelMs, toolMs, usage, messages, calls }: Step): z.infer<typeof StepJson> => ({
  step: number,
  startedAt,
  modelMs,
  toolMs,
  usage,
  messages,
  calls,
});

const attemptJson = ({ number, startedAt, failed, prompt, steps }: Tried): z.infer<typeof AttemptJson> => ({
  attempt: number,
  startedAt,
  endedAt: failed?.endedAt ?? null,
  failure: failed?.failure ?? null,
  message: failed?.message ?? null,
  delaySeconds: failed?.decision.status === 'retry' ? failed.decision.delaySeconds : null,
  prompt,
  session: steps.map(stepJson),
});

/** A run with its history as programs read it. */
export const runDetailJson = ({ run, attempts }: RunHistory, result: unknown): RunDetailJson => ({
  ...runJson(run),
  origin: run.origin ?? null,
  slots: run.slots ?? [run.slot],
  declaration: run.job,
  history: attempts.map(attemptJson),
  result,
});
