import type { Run } from '../../../../lib/run/run.ts';
import { callsOf } from '../../../../lib/run/step.ts';
import { effectsBefore, effectsReadAt, type Known } from '../known-effect.ts';
import { placeOf } from '../play.ts';
import { attemptOf, type Facts, isAttempt, isRun, runOf } from '../schedule-facts.ts';

const count = (known: Known[], status: Known['status']): number => known.filter((one) => one.status === status).length;

/** The outcome counts the run's calls as they were when it was recorded. Of those not made it may leave out what a later call made good. */
const counts = (run: Run, facts: Facts): string[] => {
  const { id, outcome } = run;
  const end = facts.wrote.find(
    (write) => isRun(write) && runOf(write) === id && JSON.parse(String(write.item.data)).outcome,
  );
  if (!outcome || !('attempts' in outcome) || !end) return [];
  const known = effectsBefore(id, effectsReadAt(id, end, facts), facts);
  const said = outcome.effects ?? { done: 0, undone: 0, unknown: 0, first: null };
  const left = known.filter(
    (one) => one.status === 'undone' && !known.some((other) => other.to === one.to && other.status === 'done'),
  );
  const wrong =
    said.done !== count(known, 'done') || said.unknown !== count(known, 'unknown') || said.undone < left.length;
  const isSaid = (said.first !== null) === said.undone + said.unknown > 0;
  return [
    ...(wrong ? [`${id} says ${JSON.stringify(said)} of its payments, and they are ${JSON.stringify(known)}`] : []),
    ...(isSaid ? [] : [`${id} does not say which payment is not done`]),
  ];
};

/** A run that succeeded has each payment done, or made good by a later one to the same place, unless its job is lenient or says what it needs. */
const whole = (run: Run, facts: Facts): string[] => {
  const { id, outcome, job } = run;
  if (outcome?.status !== 'succeeded' || job.effects === 'lenient') return [];
  const own = facts
    .session(id, outcome.attempts)
    .flatMap((step) =>
      callsOf(step).flatMap(({ call, status }) =>
        call.toolName === 'pay'
          ? [{ to: String(call.input.to), step: step.number, isDone: status === 'ok' || status === 'recorded' }]
          : [],
      ),
    );
  const isPaid = facts.effects(id).some(({ status }) => status === 'done');
  if (job.needs) return isPaid ? [] : [`${id} succeeded without the payment that it needs`];
  const isDoneAt = (to: string, after: number) =>
    own.some((other) => other.isDone && placeOf(other.to) === placeOf(to) && other.step > after);
  const isRefused = (to: string) =>
    job.limits.effects !== undefined && own.every((one) => placeOf(one.to) === placeOf(to));
  const left = own.filter(({ isDone, to, step }) => !isDone && !isDoneAt(to, step) && !(isRefused(to) && isPaid));
  const answered = facts.wrote.find(
    ({ item }) => item.pk === `session#${id}/a${outcome.attempts}` && item.sk.endsWith(String(outcome.steps)),
  );
  const doubtful = effectsBefore(id, (answered?.order ?? 0) - 1, facts).filter(
    ({ to, status, attempt }) => status === 'unknown' && attempt < outcome.attempts && !isDoneAt(to, 0),
  );
  const undone =
    own.some(({ isDone }) => isDone) || (job.limits.effects && isPaid)
      ? []
      : facts.effects(id).filter(({ status, attempt }) => status === 'undone' && attempt < outcome.attempts);
  return [
    ...undone.map(({ place }) => `${id} succeeded although pay ${place} of an earlier attempt is not done`),
    ...left.map(({ to }) => `${id} succeeded although pay ${to} is not done`),
    ...(job.limits.effects
      ? []
      : doubtful.map(({ to }) => `${id} succeeded although it is not known whether pay ${to} was done`)),
  ];
};

/** No more payments than the job allows, whatever their words, attempts and processes. */
const bounded = (run: Run, { of }: Facts): string[] => {
  const limit = run.job.limits.effects?.pay;
  const made = of('acted').filter(({ tool, runId }) => tool === 'pay' && runId === run.id).length;
  return limit !== undefined && made > limit ? [`${run.id} made ${made} payments, and its job allows ${limit}`] : [];
};

/** An attempt is tried again after EffectMissing only where nothing may have happened, and after GaveUp exactly where its agent says so. */
const triedAgain = (run: Run, facts: Facts): string[] =>
  facts.attempts(run.id).flatMap(({ number, failed }) => {
    if (!failed) return [];
    const isRetry = failed.decision.status === 'retry';
    const closed = facts.wrote.find(
      (write) =>
        isAttempt(write) &&
        runOf(write) === run.id &&
        attemptOf(write) === number &&
        String(write.item.data).includes('"decision"'),
    );
    const doubt = effectsBefore(run.id, closed?.order ?? 0, facts).some(
      ({ attempt, status }) => attempt === number && status === 'unknown',
    );
    if (failed.failure === 'EffectMissing' && isRetry && doubt)
      return [`attempt ${number} of ${run.id} is tried again although a payment of it may have happened`];
    if (failed.failure !== 'GaveUp') return [];
    const wants = facts.play
      .turns(number, facts.slotOf(run.id))
      .some((turn) => 'givesUp' in turn && turn.givesUp === 'for now');
    const may = number < run.job.retry.attempts;
    return isRetry === (wants && may)
      ? []
      : [`attempt ${number} of ${run.id} gave up, and triage decided otherwise than it says`];
  });

/** 9. A run that succeeded did what was to happen, its outcome says what became of each effect, and no limit of effects is exceeded. */
export const effectsSaid = (facts: Facts): string[] =>
  facts.runs.flatMap((run) => [
    ...counts(run, facts),
    ...whole(run, facts),
    ...bounded(run, facts),
    ...triedAgain(run, facts),
  ]);
