import type { Run } from '../../../../lib/run/run.ts';
import type { Step } from '../../../../lib/run/step.ts';
import { type Facts, isAttempt, isStep, judgedAt, runOf, stepOf } from '../schedule-facts.ts';
import { countEach } from './count-each.ts';

const isFinal = (step: Step | undefined): boolean => step?.messages.length === 1;
const numbers = (steps: Step[]): string => steps.map(({ number }) => number).join();

/** Every acknowledged step is stored as it was written, and sessions have no gaps. */
const steps = ({ wrote, items, sessions, of }: Facts): string[] => {
  const stored = new Map(items.map((item) => [`${item.pk} ${item.sk}`, item.data]));
  const lost = wrote.filter((write) => isStep(write) && stored.get(write.place) !== write.item.data);
  const missing = of('observed').filter(({ what, detail }) => {
    if (what !== 'committed') return false;
    const [run, attempt, number] = detail as [string, number, number];
    return !sessions.some((each) => each.run === run && each.attempt === attempt && each.steps[number - 1]);
  });
  return [
    ...lost.map(({ place }) => `${place} was committed and is no longer stored as it was`),
    ...missing.map(({ actor, detail }) => `${actor} reported step ${detail} as committed, and it is not stored`),
    ...sessions.flatMap(({ run, attempt, steps: all }) =>
      numbers(all) === all.map((_, at) => at + 1).join() ? [] : [`${run}/a${attempt} has the steps ${numbers(all)}`],
    ),
  ];
};

/** A prompt holds every step committed before the invocation's claim, and nothing but committed steps. */
const prompts = ({ of, wrote, session }: Facts): string[] =>
  of('asked').flatMap(({ actor, runId, attempt, request, order }) => {
    const said = request.messages.slice(1);
    const stored = session(runId, attempt);
    const turns = stored.flatMap(({ messages }) => messages as unknown[]);
    const mine = wrote.find((write) => write.actor === actor && isAttempt(write))?.order ?? order;
    const before = wrote.filter(
      (write) =>
        isStep(write) && runOf(write) === runId && write.item.pk.endsWith(`/a${attempt}`) && write.order < mine,
    );
    const least = stored.slice(0, before.length).flatMap(({ messages }) => messages as unknown[]).length;
    const same = JSON.stringify(said) === JSON.stringify(turns.slice(0, said.length));
    if (!same) return [`${actor} sent a prompt with a message that is not committed`];
    return said.length < least ? [`${actor} sent a prompt without steps that were committed before its claim`] : [];
  });

/** A run has an outcome, and the stored sessions agree with it. */
const outcome = (run: Run, facts: Facts): string[] => {
  const { session, wrote } = facts;
  const { id } = run;
  if (!run.outcome) return [`${id} has no outcome`];
  if (run.outcome.status === 'succeeded') {
    const { attempts, steps: count } = run.outcome;
    const stored = session(id, attempts);
    return stored.length === count && isFinal(stored.at(-1)) ? [] : [`${id} succeeded, and its answer is not stored`];
  }
  // An operator may abort a run whose answer is committed.
  if (run.outcome.status !== 'failed' || run.outcome.failure === 'ExecutionAborted') return [];
  const { attempts } = run.outcome;
  const answered = wrote.find(
    (write) => isStep(write) && write.item.pk === `session#${id}/a${attempts}` && isFinal(stepOf(write.item)),
  );
  return answered && fits(run, answered.item.data) && answered.order < judgedAt(id, attempts, facts)
    ? [`${id} failed although its answer was committed`]
    : [];
};

/** Whether an answer fits the job's result. The first answer of the typed job does not. */
const fits = (run: Run, data: unknown): boolean => !run.job.result || String(data).includes('sum');

/** A failed attempt is closed once and reported as closed at most once. */
const closings = ({ wrote, of }: Facts): string[] => {
  const closed = wrote.filter((write) => isAttempt(write) && JSON.parse(String(write.item.data)).failed);
  const reported = of('observed').flatMap(({ what, detail }) => (what === 'closed' ? [`${detail}`] : []));
  return [
    ...countEach(closed.map(({ place }) => place)).flatMap(([place, count]) =>
      count > 1 ? [`${place} was closed ${count} times`] : [],
    ),
    ...countEach(reported).flatMap(([which, count]) =>
      count > 1 ? [`attempt ${which} was reported as closed ${count} times`] : [],
    ),
  ];
};

/** A run's attempts are numbered from 1 without a gap. */
const numbering = ({ runs, attempts }: Facts): string[] =>
  runs.flatMap(({ id }) => {
    const found = attempts(id).map(({ number }) => number);
    return found.some((number, at) => number !== at + 1) ? [`${id} has the attempts ${found}`] : [];
  });

/** 7. Nothing acknowledged is lost, and every run reaches an outcome that agrees with the stored items. */
export const kept = (facts: Facts): string[] => [
  ...steps(facts),
  ...prompts(facts),
  ...closings(facts),
  ...numbering(facts),
  ...facts.runs.flatMap((run) => outcome(run, facts)),
];
