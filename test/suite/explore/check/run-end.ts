import { failures } from '../../../../lib/failure.ts';
import type { Run } from '../../../../lib/run/run.ts';
import type { Play } from '../play.ts';
import { type Facts, isStep, judgedAt, runOf } from '../schedule-facts.ts';
import { leftUndone } from '../world-events.ts';

/** Failures that a decision brings about at once, by itself. */
const brought: Record<string, string> = {
  abort: 'ExecutionAborted',
  expire: 'ExecutionTimedOut',
  InvalidPrompt: 'InvalidPrompt',
  Unauthorized: 'Unauthorized',
  cut: 'ReplyCut',
};
/** What costs no attempt: the SDK and Step Functions try again by themselves, and a delivery or an order is no fault. */
const costless = [
  ...['lost', 'throttled', 'busy', 'again', 'next', 'late', 'vanish', 'watch', 'event', 'redrive', 'order', 'blank'],
];
/** How many failed invocations of triage or settle in a row end an execution. */
const patience = 7;

const isTried = (name: string): boolean =>
  Object.hasOwn(failures, name) && failures[name as keyof typeof failures] === 'retry';
const failedBy = ({ how, attempts }: ReturnType<Play['ends']>): number => (isTried(how) ? attempts : attempts - 1);

/** Whether an execution of this play is gone without a word. */
const hasDied = ({ cues = [] }: Play): boolean => cues.some((cue) => 'does' in cue && cue.does === 'die');
/** Whether a slot of this play is not delivered. */
export const hasLost = ({ cues = [] }: Play): boolean => cues.some((cue) => 'lose' in cue);

/** How many attempts a run may lose: those its model loses by itself, and one for each fault. */
const mostLost = (id: string, { play, decisions, slotOf }: Facts): number =>
  failedBy(play.ends(slotOf(id))) +
  Number(hasDied(play)) +
  decisions.filter((decision) => !costless.includes(decision.split(/[:@]/)[0] ?? '')).length;

/** Whether a newer run took its place. */
const isSuperseded = ({ job, slot }: Run, { runs }: Facts): boolean =>
  job.overlap === 'cancel-previous' && runs.some((other) => other.slot > slot);

const isBrought = (run: Run, failure: string, facts: Facts): boolean =>
  failure === facts.play.ends(facts.slotOf(run.id)).how ||
  (failure === 'Superseded' && isSuperseded(run, facts)) ||
  (failure === 'ExecutionTimedOut' && hasDied(facts.play)) ||
  facts.decisions.some((decision) => brought[decision.split('@')[0] ?? ''] === failure);

const failedUnearned = (run: Run, facts: Facts): string | undefined => {
  const { id, outcome, job } = run;
  if (outcome?.status !== 'failed' || isBrought(run, outcome.failure, facts)) return undefined;
  if (outcome.failure === 'ExecutionFailed')
    return facts.decisions.length >= patience ? undefined : 'so few faults end no execution';
  if (!isTried(outcome.failure)) return 'nothing asked for that';
  if (outcome.attempts < job.retry.attempts) return `it had ${job.retry.attempts} attempts`;
  const most = mostLost(id, facts);
  return outcome.attempts > most ? `${most} faults cost ${outcome.attempts} attempts` : undefined;
};

/** Why a run may not have ended as it did, given what went wrong. What may skip a slot is another check's. */
const unearned = (run: Run, facts: Facts): string | undefined => {
  const { id, outcome } = run;
  if (outcome?.status === 'skipped' || outcome?.status === 'missed') return undefined;
  if (outcome?.status !== 'succeeded') return failedUnearned(run, facts);
  if (facts.play.ends(facts.slotOf(id)).how !== 'succeeded') return 'its model never answers';
  const lost = outcome.attempts - 1;
  const most = mostLost(id, facts);
  return lost > most ? `${most} faults cost ${lost} attempts` : undefined;
};

const howOf = ({ outcome }: Run): string | undefined => {
  if (outcome?.status === 'failed') return outcome.failure;
  return outcome?.status === 'skipped' ? outcome.why : outcome?.status;
};

/** What takes more than the retries of Lambda and Step Functions: the watchman's to mend. */
const forTheWatchman = ['vanish', 'late'];
const isForTheWatchman = ({ decisions, play }: Facts): boolean =>
  hasDied(play) ||
  hasLost(play) ||
  decisions.length > 2 ||
  decisions.some((decision) => forTheWatchman.includes(decision));

/** Few faults leave nothing to the watchman: he finds nothing, and nobody waits for him. */
const leftToTheWatchman = (facts: Facts): string[] => {
  const { of } = facts;
  if (isForTheWatchman(facts)) return [];
  const isNothing = (finding: object) => Object.values(finding).flat().filter(Boolean).length === 0;
  const found = of('told').filter(({ what, detail }) => what === 'looked' && !isNothing(detail as object));
  return [
    ...found.map(({ detail }) => `the watchman found ${JSON.stringify(detail)}, after so few faults`),
    ...of('world').flatMap(({ what }) => (what === leftUndone ? ['something is left to the watchman'] : [])),
  ];
};

/** Whoever takes the place of a run that has just answered may record its end before its own settlement does, which then looks again. */
const isBeaten = (actor: string, told: unknown, { job }: Facts['play']): boolean =>
  job.overlap === 'cancel-previous' && actor.startsWith('settle') && told === 'RunConflict';

/** Where nothing goes wrong, each slot ends as it is meant to, and nobody fails. */
const usual = ({ decisions, play, runs, slotOf, of }: Facts): string[] => {
  if (decisions.length > 0) return [];
  const other = runs.filter((run) => howOf(run) !== play.usual[slotOf(run.id)]);
  const threw = of('ended').filter(({ how, actor, told }) => how === 'threw' && !isBeaten(actor, told, play));
  return [
    ...other.map((run) => `${run.id} ended as ${howOf(run)}, though nothing went wrong`),
    ...threw.map(({ actor, told }) => `${actor} threw ${told}, though nothing went wrong`),
  ];
};

const inputTokens = 100;

/** What the outcome counts is at least what is committed, and at most what was asked for. */
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
    ...(counted < steps.length ? [`${id} counts ${counted} calls, and ${steps.length} are committed`] : []),
    ...(counted > replies ? [`${id} counts ${counted} calls, and only ${replies} were made`] : []),
  ];
};
/** Every run ends as it should, and nothing of ours breaks on the way. */
export const ends = (facts: Facts): string[] => [
  ...facts.runs.flatMap((run) => {
    const why = unearned(run, facts);
    return [...(why ? [`${run.id} ended as ${howOf(run)}: ${why}`] : []), ...usage(run, facts)];
  }),
  ...facts
    .of('told')
    .filter(({ what, detail }) => ((what === 'failed' || what === 'blind') && detail === 'Crash') || what === 'damaged')
    .map(({ actor, what, detail }) => `${actor} told of ${what}: ${detail}`),
  ...usual(facts),
  ...leftToTheWatchman(facts),
  ...facts.letters.map(({ fn, run }) => `an event of ${run} can never be handled by ${fn}`),
];
