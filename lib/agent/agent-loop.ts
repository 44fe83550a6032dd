import { asFailure, Failure } from '../failure.ts';
import type { Job } from '../job/job.ts';
import { orAbort } from '../or-abort.ts';
import type { Attempt, AttemptInput, AttemptResult, Attempts } from '../run/attempt.ts';
import type { Effects } from '../run/effect.ts';
import { toldOf } from '../run/effect-count.ts';
import { textOf } from '../run/message.ts';
import type { Observer } from '../run/observer.ts';
import { type ResultReader, resultReader } from '../run/result.ts';
import { existingRun, type Run, type Runs } from '../run/run.ts';
import { conversation, type Sessions, sessionKey } from '../run/session.ts';
import { isFinal, type Step, usageOf } from '../run/step.ts';
import { capped } from '../text.ts';
import { addUsage, noUsage, type Usage } from '../usage.ts';
import { type Ending, effectMissing } from './effect-check.ts';
import { effectsExhausted, limitReached, loopDetected, toolUnavailable } from './limit.ts';
import type { Model, ModelReply, ToolSpec } from './model.ts';
import { type NextStepDeps, nextStep } from './next-step.ts';
import { firstPrompt } from './prompt.ts';
import { mayChange, type Tool } from './tool.ts';

/** The time of an invocation. */
export type Clock = {
  now(): Date;
  /** How much time this invocation has left, in milliseconds. */
  remainingMs(): number;
  /** A signal that aborts after so many milliseconds. */
  timeout(ms: number): AbortSignal;
};

export type AgentLoopDeps = {
  stores: { runs: Runs; attempts: Attempts; sessions: Sessions; effects: Effects };
  /** Opens what the run's job names: its model, and its tools with their descriptions for the model. */
  open(run: Run, attempt: number): Promise<Opened>;
  clock: Clock;
  observer: Pick<Observer, 'stepCommitted' | 'attemptFailed'>;
};

export type Opened = { model: Model; specs: ToolSpec[]; calls: Pick<NextStepDeps, 'tools' | 'context' | 'effects'> };

/** Time reserved at the end of an invocation to commit a step and return, in milliseconds. */
const reserveMs = 15_000;

/**
 * One invocation of an attempt. Claims it, then asks the model, runs the tools and commits a step, until there is a final answer or a
 * failure. Returns `continue` before the deadline: the next invocation goes on from the last committed step.
 *
 * Never throws. Named failures are returned, and any other error is returned as Crash.
 */
export const agentLoop = async (input: AttemptInput, deps: AgentLoopDeps): Promise<AttemptResult> => {
  const meter = { usage: noUsage };
  try {
    return await work(input, meter, deps);
  } catch (thrown) {
    const failure = asFailure(thrown);
    deps.observer.attemptFailed(input, failure);
    const { name, message, retryAfterSeconds, tryAgain } = failure;
    const facts = {
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
      ...(tryAgain === undefined ? {} : { tryAgain }),
    };
    return { status: 'failed', failure: name, message: capped(message, 1000), usage: meter.usage, ...facts };
  }
};

const work = async (input: AttemptInput, meter: { usage: Usage }, deps: AgentLoopDeps): Promise<AttemptResult> => {
  const { runs, sessions } = deps.stores;
  const run = await existingRun(input.runId, runs);
  if (run.outcome) throw new Failure('RunConflict', `run ${run.id} has ended already: ${run.outcome.status}`);
  const claimed = await claim(run, input, deps);
  const key = sessionKey(run.id, input.attempt);
  // A new attempt's session is empty: only an invocation that claimed the attempt writes to it.
  const steps = input.version === 0 ? [] : await sessions.load(key);
  meter.usage = usageOf(steps);
  const { model, specs, calls } = await deps.open(run, input.attempt);
  const readResult = await resultReader(run.job.result);
  const { system, prompt } = firstPrompt(run, { failure: input.note, told: claimed.told });
  const messages = conversation(prompt, steps);
  const turnDeps: NextStepDeps = {
    ...calls,
    readResult,
    now: deps.clock.now,
    timeout: () => deps.clock.timeout(run.job.limits.toolSeconds * 1000),
    fence: () => stillOurs(claimed, deps.stores.attempts),
  };
  const done = (): AttemptResult => ({ status: 'done', steps: steps.length, usage: meter.usage });
  const outOfTime = (): AttemptResult => ({ status: 'continue', version: claimed.version });

  for (;;) {
    if (finished(steps, readResult)) return done();
    const limited = { job: run.job, claimed, steps, tools: calls.tools };
    checkLimits(limited, addUsage(input.spent, meter.usage), deps.clock.now());
    const startedAt = deps.clock.now();
    const request = { system, messages: [...messages], tools: specs };
    const reply = await ask((signal, used) => model(request, signal, used), run.job, deps.clock).catch((thrown) => {
      // A call that broke off is paid, too.
      if (thrown instanceof Failure && thrown.usage) meter.usage = addUsage(meter.usage, thrown.usage);
      throw thrown;
    });
    if (reply === 'out of time') return outOfTime();
    meter.usage = addUsage(meter.usage, reply.usage);
    const step = await nextStep(reply, { startedAt, steps }, turnDeps);
    if (isAnswer(step, readResult))
      await checkEffects(run, { runId: run.id, number: input.attempt, steps }, calls.tools, deps);
    await sessions.append(key, step);
    steps.push(step);
    messages.push(...step.messages);
    deps.observer.stepCommitted(run, input.attempt, step);
  }
};

const isAnswer = (step: Step, readResult: ResultReader): boolean =>
  isFinal(step) && 'value' in readResult(textOf(step.messages[0]));

/**
 * Throws EffectMissing where the answer would end an attempt as a success and what was to happen has not. It is checked before the answer is
 * committed, because a committed answer is a success whatever happens to this process. The effects are those of the whole run, as stored.
 */
const checkEffects = async (
  run: Run,
  ending: Ending,
  tools: Record<string, Tool>,
  { stores: { effects } }: AgentLoopDeps,
): Promise<void> => {
  const mayAct = Object.values(tools).some(mayChange);
  if (!mayAct && !run.job.needs) return;
  const failure = effectMissing(run.job, mayAct ? await effects.list(run.id) : [], ending);
  if (failure) throw failure;
};

/** Claims the attempt for this invocation. Throws SessionConflict where another invocation has it, or triage closed it. */
const claim = async (run: Run, input: AttemptInput, { stores, clock }: AgentLoopDeps): Promise<Attempt> => {
  const { attempts, effects } = stores;
  const { runId, attempt: number, version } = input;
  const seen = version === 0 ? undefined : await attempts.get(runId, number);
  if (version > 0 && (!seen || seen.failed)) {
    throw new Failure(
      'SessionConflict',
      `attempt ${number} of ${runId} cannot continue: it was closed or never started`,
    );
  }
  const isLater = number > 1 && run.job.tools.length > 0;
  const told = seen ? seen.told : isLater ? toldOf(await effects.list(runId), number) : undefined;
  const startedAt = seen?.startedAt ?? clock.now().toJSON();
  const claimed: Attempt = { runId, number, startedAt, failed: null, ...(told && { told }), version: version + 1 };
  await attempts.put(claimed);
  return claimed;
};

/**
 * Throws SessionConflict where triage closed the attempt, or another invocation claimed it, while this process worked on. This process then makes no
 * more effects.
 */
const stillOurs = async (claimed: Attempt, attempts: Attempts): Promise<void> => {
  const { runId, number, version } = claimed;
  const now = await attempts.get(runId, number);
  if (now?.version === version) return;
  throw new Failure('SessionConflict', `attempt ${number} of ${runId} is no longer at version ${version}`);
};

/** Whether the session has its final answer. Throws InvalidResult for an answer that does not fit after its correction. */
const finished = (steps: Step[], readResult: ResultReader): boolean => {
  const last = steps.at(-1);
  if (!last || !isFinal(last)) return false;
  const result = readResult(textOf(last.messages[0]));
  if ('problem' in result)
    throw new Failure('InvalidResult', `the final answer does not fit the job's result: ${result.problem}`);
  return true;
};

type Limited = { job: Job; claimed: Attempt; steps: Step[]; tools: Record<string, Tool> };

/** Throws the failure of the first limit that is reached: an unreachable tool, a loop, or one of the job's limits. */
const checkLimits = ({ job, claimed, steps, tools }: Limited, run: Usage, now: Date): void => {
  const seconds = (now.getTime() - Date.parse(claimed.startedAt)) / 1000;
  const failure =
    toolUnavailable(steps) ??
    loopDetected(steps) ??
    effectsExhausted(steps, tools) ??
    limitReached(job.limits, { steps: steps.length, seconds, run });
  if (failure) throw failure;
};

/** Calls the model once, within the call's limit and the invocation's time. Tools and the commit keep their share of the latter. */
const ask = async (
  call: (signal: AbortSignal, used: (usage: Usage) => void) => Promise<ModelReply>,
  { limits }: Job,
  clock: Clock,
): Promise<ModelReply | 'out of time'> => {
  const spareMs = clock.remainingMs() - limits.toolSeconds * 1000 - reserveMs;
  if (spareMs <= 0) return 'out of time';
  const allowedMs = Math.min(limits.callSeconds * 1000, spareMs);
  const signal = clock.timeout(allowedMs);
  let usage: Usage | undefined;
  try {
    const reply = call(signal, (used) => {
      usage = used;
    });
    return await orAbort(reply, signal);
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  }
  if (allowedMs === spareMs) return 'out of time';
  const message = `the model did not answer in ${limits.callSeconds} s (limits.callSeconds)`;
  throw new Failure('ModelUnavailable', message, usage ? { usage } : {});
};
