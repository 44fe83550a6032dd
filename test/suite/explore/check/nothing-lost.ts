import type { Run } from '../../../../lib/run/run.ts';
import type { Step } from '../../../../lib/run/step.ts';
import { type Facts, isAttempt, isStep, judgedAt, runOf, stepOf } from '../schedule-facts.ts';
import { counted } from './count-each.ts';

const isFinal = (step: Step | undefined): boolean => step?.messages.length === 1;
const numbers = (steps: Step[]): string => steps.map(({ number }) => number).join();

/** Every step that was acknowledged stands as it was written, and sessions have no gaps. */
const steps = ({ wrote, items, sessions, of }: Facts): string[] => {
  const stands = new Map(items.map((item) => [`${item.pk} ${item.sk}`, item.data]));
  const lost = wrote.filter((write) => isStep(write) && stands.get(write.place) !== write.item.data);
  const told = of('told').filter(({ what, detail }) => {
    if (what !== 'committed') return false;
    const [run, attempt, number] = detail as [string, number, number];
    return !sessions.some((each) => each.run === run && each.attempt === attempt && each.steps[number - 1]);
  });
  return [
    ...lost.map(({ place }) => `${place} was committed and does not stand as it was`),
    ...told.map(({ actor, detail }) => `${actor} told of step ${detail} as committed, and it is not there`),
    ...sessions.flatMap(({ run, attempt, steps: all }) =>
      numbers(all) === all.map((_, at) => at + 1).join() ? [] : [`${run}/a${attempt} has the steps ${numbers(all)}`],
    ),
  ];
};

/** What an attempt goes on with is every step committed before it took over, and nothing but committed steps. */
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
    if (!same) return [`${actor} asked with something that is not committed`];
    return said.length < least ? [`${actor} asked without steps that were committed before it began`] : [];
  });

/** A run's outcome, and what it points at. */
const outcome = (run: Run, facts: Facts): string[] => {
  const { session, wrote } = facts;
  const { id } = run;
  if (!run.outcome) return [`${id} has no outcome`];
  if (run.outcome.status === 'succeeded') {
    const { attempts, steps: count } = run.outcome;
    const stored = session(id, attempts);
    return stored.length === count && isFinal(stored.at(-1))
      ? []
      : [`${id} succeeded, but its answer is not in the table`];
  }
  // A person's own end is wanted, whatever was committed.
  if (run.outcome.status !== 'failed' || run.outcome.failure === 'ExecutionAborted') return [];
  const { attempts } = run.outcome;
  const answered = wrote.find(
    (write) => isStep(write) && write.item.pk === `session#${id}/a${attempts}` && isFinal(stepOf(write.item)),
  );
  return answered && fits(run, answered.item.data) && answered.order < judgedAt(id, attempts, facts)
    ? [`${id} failed although its answer was committed`]
    : [];
};

/** A typed job's first answer is words, and is sent back: it is no answer. */
const fits = (run: Run, data: unknown): boolean => !run.job.result || String(data).includes('sum');

/** A failed attempt is closed once, with one decision, and told of as such at most once. */
const closings = ({ wrote, of }: Facts): string[] => {
  const closed = wrote.filter((write) => isAttempt(write) && JSON.parse(String(write.item.data)).failed);
  const told = of('told').flatMap(({ what, detail }) => (what === 'closed' ? [`${detail}`] : []));
  return [
    ...counted(closed.map(({ place }) => place)).flatMap(([place, count]) =>
      count > 1 ? [`${place} was closed ${count} times`] : [],
    ),
    ...counted(told).flatMap(([which, count]) =>
      count > 1 ? [`attempt ${which} was told of as closed ${count} times`] : [],
    ),
  ];
};

/** A run's attempts are numbered from 1 without a gap. */
const numbering = ({ runs, attempts }: Facts): string[] =>
  runs.flatMap(({ id }) => {
    const found = attempts(id).map(({ number }) => number);
    return found.some((number, at) => number !== at + 1) ? [`${id} has the attempts ${found}`] : [];
  });

/** 7. Nothing acknowledged is lost, and every run reaches an outcome that agrees with what is stored. */
export const kept = (facts: Facts): string[] => [
  ...steps(facts),
  ...prompts(facts),
  ...closings(facts),
  ...numbering(facts),
  ...facts.runs.flatMap((run) => outcome(run, facts)),
];
