import { failures } from '../../../../lib/failure.ts';
import type { Run } from '../../../../lib/run/run.ts';
import { effectsBefore, effectsReadAt } from '../known-effect.ts';
import type { Play } from '../play.ts';
import { type Facts, isStep, judgedAt, runOf } from '../schedule-facts.ts';
import { leftUndone } from '../world-events.ts';

/** Failures that a single decision causes. */
const causedFailure: Record<string, string> = {
  abort: 'ExecutionAborted',
  expire: 'ExecutionTimedOut',
  InvalidPrompt: 'InvalidPrompt',
  Unauthorized: 'Unauthorized',
  cut: 'ReplyCut',
};
/** Decisions that cost no attempt: the SDK or Step Functions retries them, or they are no fault. */
const costless = [
  ...['lost', 'throttled', 'busy', 'again', 'next', 'late', 'vanish', 'watch', 'event', 'redrive', 'order', 'blank'],
];
/** The number of failed invocations of triage or settle that ends an execution. */
const patience = 7;

const isRetryable = (name: string): boolean =>
  Object.hasOwn(failures, name) && failures[name as keyof typeof failures] === 'retry';
const failedBy = ({ how, attempts }: ReturnType<Play['ends']>): number => (isRetryable(how) ? attempts : attempts - 1);

/** Whether an execution of this play dies without an event. */
const hasDied = ({ cues = [] }: Play): boolean => cues.some((cue) => 'does' in cue && cue.does === 'die');
/** Whether the delivery of a slot is lost in this play. */
export const hasLost = ({ cues = [] }: Play): boolean => cues.some((cue) => 'lose' in cue);

/** The most attempts that a run may lose: those its model fails, and one for each fault. */
const mostLost = (id: string, { play, decisions, slotOf }: Facts): number =>
  failedBy(play.ends(slotOf(id))) +
  Number(hasDied(play)) +
  decisions.filter((decision) => !costless.includes(decision.split(/[:@]/)[0] ?? '')).length;

/** Whether a newer run may have replaced this one. */
const isSuperseded = ({ job, slot }: Run, { runs }: Facts): boolean =>
  job.overlap === 'cancel-previous' && runs.some((other) => other.slot > slot);

/** Whether a payment of the run was not done when an attempt ended for it: only a fault, or the play, is the cause. */
const hasUndone = ({ id }: Run, facts: Facts): boolean =>
  facts.of('observed').some((failed) => {
    if (failed.what !== 'failed' || failed.detail !== 'EffectMissing') return false;
    const known = effectsBefore(id, effectsReadAt(id, failed, facts), facts);
    return known.some(({ status }) => status !== 'done');
  });

const isCaused = (run: Run, failure: string, facts: Facts): boolean =>
  (failure === 'EffectMissing' && hasUndone(run, facts)) ||
  failure === facts.play.ends(facts.slotOf(run.id)).how ||
  (failure === 'Superseded' && isSuperseded(run, facts)) ||
  (failure === 'ExecutionTimedOut' && hasDied(facts.play)) ||
  facts.decisions.some((decision) => causedFailure[decision.split('@')[0] ?? ''] === failure);

const failedWithoutCause = (run: Run, facts: Facts): string | undefined => {
  const { id, outcome, job } = run;
  if (outcome?.status !== 'failed' || isCaused(run, outcome.failure, facts)) return undefined;
  if (outcome.failure === 'ExecutionFailed')
    return facts.decisions.length >= patience ? undefined : 'too few faults to end an execution';
  if (!isRetryable(outcome.failure)) return 'nothing caused this failure';
  if (outcome.attempts < job.retry.attempts)
    return `the job has ${job.retry.attempts} attempts, and it used ${outcome.attempts}`;
  const most = mostLost(id, facts);
  return outcome.attempts > most ? `${most} faults cost ${outcome.attempts} attempts` : undefined;
};

/** Why a run may not end as it did, given the faults. The check of skip reasons judges skipped runs. */
const withoutCause = (run: Run, facts: Facts): string | undefined => {
  const { id, outcome } = run;
  if (outcome?.status === 'skipped' || outcome?.status === 'missed') return undefined;
  if (outcome?.status !== 'succeeded') return failedWithoutCause(run, facts);
  if (facts.play.ends(facts.slotOf(id)).how !== 'succeeded') return 'its model never answers';
  const lost = outcome.attempts - 1;
  const most = mostLost(id, facts);
  return lost > most ? `${most} faults cost ${lost} attempts` : undefined;
};

const howOf = ({ outcome }: Run): string | undefined => {
  if (outcome?.status === 'failed') return outcome.failure;
  return outcome?.status === 'skipped' ? outcome.why : outcome?.status;
};

/** Faults that only the watchman repairs, beyond the retries of Lambda and Step Functions. */
const watchmanFaults = ['vanish', 'late'];
const needsWatchman = ({ decisions, play }: Facts): boolean =>
  hasDied(play) ||
  hasLost(play) ||
  decisions.length > 2 ||
  decisions.some((decision) => watchmanFaults.includes(decision));

/** After few faults no work is left for the watchman, and it finds nothing. */
const leftToTheWatchman = (facts: Facts): string[] => {
  const { of } = facts;
  if (needsWatchman(facts)) return [];
  const isNothing = (finding: object) => Object.values(finding).flat().filter(Boolean).length === 0;
  const found = of('observed').filter(({ what, detail }) => what === 'checked' && !isNothing(detail as object));
  return [
    ...found.map(
      ({ detail }) => `the watchman found ${JSON.stringify(detail)} although the faults were too few to need it`,
    ),
    ...of('world').flatMap(({ what }) =>
      what === leftUndone ? ['work is left for the watchman although the faults were too few to need it'] : [],
    ),
  ];
};

/** Whether a newer run recorded this run's outcome before its own settle did. That settle then fails and is invoked again. */
const isBeaten = (actor: string, result: unknown, { job }: Facts['play']): boolean =>
  job.overlap === 'cancel-previous' && actor.startsWith('settle') && result === 'RunConflict';

/** Without decisions every slot ends as the play says, and no function throws. */
const usual = ({ decisions, play, runs, slotOf, of }: Facts): string[] => {
  if (decisions.length > 0) return [];
  const other = runs.filter((run) => howOf(run) !== play.usual[slotOf(run.id)]);
  const threw = of('ended').filter(({ how, actor, result }) => how === 'threw' && !isBeaten(actor, result, play));
  return [
    ...other.map((run) => `${run.id} ended as ${howOf(run)} without any fault`),
    ...threw.map(({ actor, result }) => `${actor} threw ${result} without any fault`),
  ];
};

const inputTokens = 100;

/** The outcome counts at least the committed model calls and at most those that were made. */
const usage = (run: Run, facts: Facts): string[] => {
  const { wrote, of } = facts;
  const { id, outcome } = run;
  if (!outcome || !('attempts' in outcome)) return [];
  const steps = wrote.filter((write) => {
    if (!isStep(write) || runOf(write) !== id) return false;
    const attempt = Number(write.item.pk.split('/a').at(-1));
    return attempt <= outcome.attempts && write.order < judgedAt(id, attempt, facts);
  });
  const replies = of('asked').filter(({ runId, reply }) => runId === id && reply).length;
  const counted = outcome.usage.inputTokens / inputTokens;
  return [
    ...(counted < steps.length ? [`${id} counts ${counted} model calls, and ${steps.length} are committed`] : []),
    ...(counted > replies ? [`${id} counts ${counted} model calls, and only ${replies} were made`] : []),
  ];
};

/** Every run ends as the faults allow, and no function crashes. */
export const ends = (facts: Facts): string[] => [
  ...facts.runs.flatMap((run) => {
    const why = withoutCause(run, facts);
    return [...(why ? [`${run.id} ended as ${howOf(run)}: ${why}`] : []), ...usage(run, facts)];
  }),
  ...facts
    .of('observed')
    .filter(
      ({ what, detail }) =>
        ((what === 'failed' || what === 'check-failed') && detail === 'Crash') || what === 'damaged',
    )
    .map(({ actor, what, detail }) => `${actor} reported ${what}: ${detail}`),
  ...usual(facts),
  ...leftToTheWatchman(facts),
  ...facts.letters.map(({ fn, run }) => `${fn} fails on every delivery of an event of ${run}`),
];
