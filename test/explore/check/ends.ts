import { failures } from '../../../lib/failure.ts';
import type { Run } from '../../../lib/run.ts';
import { type Facts, isStep, judgedAt, runOf } from '../facts.ts';
import type { Play } from '../play.ts';

/** Failures that a decision brings about at once, by itself. */
const brought: Record<string, string> = {
  abort: 'ExecutionAborted',
  expire: 'ExecutionTimedOut',
  InvalidPrompt: 'InvalidPrompt',
  Unauthorized: 'Unauthorized',
  cut: 'ReplyCut',
};
/** What costs no attempt: the SDK and Step Functions try again by themselves, and a delivery or an order is no fault. */
const costless = ['lost', 'throttled', 'busy', 'again', 'next', 'late', 'event', 'redrive', 'order', 'blank'];
/** How many failed invocations of triage or settle in a row end an execution. */
const patience = 7;

const isTried = (name: string): boolean =>
  Object.hasOwn(failures, name) && failures[name as keyof typeof failures] === 'retry';
const failedBy = ({ ends }: Play): number => (isTried(ends.how) ? ends.attempts : ends.attempts - 1);

/** How many attempts a run may lose: those its model loses by itself, and one for each fault. */
const mostLost = ({ play, decisions }: Facts): number =>
  failedBy(play) + decisions.filter((decision) => !costless.includes(decision.split(':')[0] ?? '')).length;

const isBrought = (failure: string, { play, decisions }: Facts): boolean =>
  failure === play.ends.how || decisions.some((decision) => brought[decision.split('@')[0] ?? ''] === failure);

const failedUnearned = ({ outcome, job }: Run, facts: Facts): string | undefined => {
  if (outcome?.status !== 'failed' || isBrought(outcome.failure, facts)) return undefined;
  if (outcome.failure === 'ExecutionFailed')
    return facts.decisions.length >= patience ? undefined : 'so few faults end no execution';
  if (!isTried(outcome.failure)) return 'nothing asked for that';
  if (outcome.attempts < job.retry.attempts) return `it had ${job.retry.attempts} attempts`;
  return outcome.attempts > mostLost(facts) ? `${mostLost(facts)} faults cost ${outcome.attempts} attempts` : undefined;
};

/** Why a run may not have ended as it did, given what went wrong. */
const unearned = (run: Run, facts: Facts): string | undefined => {
  const { play, decisions } = facts;
  const { outcome } = run;
  if (outcome?.status === 'skipped')
    return play.ends.how === 'skipped' || decisions.includes('late') ? undefined : 'nothing was late';
  if (outcome?.status !== 'succeeded') return failedUnearned(run, facts);
  if (play.ends.how !== 'succeeded') return 'its model never answers';
  const lost = outcome.attempts - 1;
  return lost > mostLost(facts) ? `${mostLost(facts)} faults cost ${lost} attempts` : undefined;
};

const inputTokens = 100;

/** What the outcome counts is at least what is committed, and at most what was asked for. */
const usage = (run: Run, facts: Facts): string[] => {
  const { wrote, of } = facts;
  const { id, outcome } = run;
  if (!outcome || outcome.status === 'skipped') return [];
  const steps = wrote.filter((write) => {
    if (!isStep(write) || runOf(write) !== id) return false;
    const attempt = Number(write.item.pk.split('/a').at(-1));
    return attempt <= outcome.attempts && write.order < judgedAt(id, attempt, facts);
  });
  const replies = of('asked').filter(({ runId, reply }) => runId === id && reply).length;
  const counted = outcome.usage.inputTokens / inputTokens;
  return [
    ...(counted < steps.length ? [`${id} counts ${counted} calls, and ${steps.length} are committed`] : []),
    ...(counted > replies ? [`${id} counts ${counted} calls, and only ${replies} were made`] : []),
  ];
};
/** Every run ends as it should, and nothing of ours breaks on the way. */
export const ends = (facts: Facts): string[] => [
  ...facts.runs.flatMap((run) => {
    const why = unearned(run, facts);
    const how = run.outcome?.status === 'failed' ? run.outcome.failure : run.outcome?.status;
    return [...(why ? [`${run.id} ended as ${how}: ${why}`] : []), ...usage(run, facts)];
  }),
  ...facts
    .of('told')
    .filter(({ what, detail }) => (what === 'failed' && detail === 'Crash') || what === 'damaged')
    .map(({ actor, what, detail }) => `${actor} told of ${what}: ${detail}`),
  ...facts.letters.map(({ fn, run }) => `an event of ${run} can never be handled by ${fn}`),
];
