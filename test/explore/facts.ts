import type { Attempt } from '../../lib/attempt.ts';
import type { Effect } from '../../lib/effect.ts';
import type { Run } from '../../lib/run.ts';
import type { Step } from '../../lib/step.ts';
import type { Event, EventOf } from './history.ts';
import type { Play } from './play.ts';
import type { Letter } from './queue.ts';
import type { Simulated } from './simulation.ts';
import type { Item } from './store.ts';

/** A write with what it means: a run's, an attempt's, a step's or an effect's, of which run and attempt. */
export type Wrote = EventOf<'wrote'> & { order: number; place: string };
export type Numbered<E> = E & { order: number };

/** One schedule, laid out for the checks. `order` counts events, so that any two can be told before or after. */
export type Facts = {
  play: Play;
  decisions: string[];
  slots: string[];
  events: Numbered<Event>[];
  of<Type extends Event['type']>(type: Type): Numbered<EventOf<Type>>[];
  wrote: Wrote[];
  items: Item[];
  /** Events that failed however often they were delivered. */
  letters: Letter[];
  runs: Run[];
  attempts(run: string): Attempt[];
  effects(run: string): Effect[];
  /** The steps of an attempt as they stand, each as it was first stored. */
  session(run: string, attempt: number): Step[];
  /** Every session there is, by run and attempt. */
  sessions: { run: string; attempt: number; steps: Step[] }[];
};

const dataOf = <T>({ data }: Item): T => JSON.parse(String(data));
const sessionPattern = /^session#(.+)\/a(\d+)$/;

export const factsOf = ({ world, decisions }: Simulated): Facts => {
  const { play, history, store, slots, queue } = world;
  const events = history.map((event, order) => ({ ...event, order }));
  const of = <Type extends Event['type']>(type: Type) =>
    events.filter((event) => event.type === type) as unknown as Numbered<EventOf<Type>>[];
  const items = [...store.items.values()].sort((a, b) => (a.sk < b.sk ? -1 : 1));
  const under = <T>(pk: string, prefix: string): T[] =>
    items.filter((item) => item.pk === pk && item.sk.startsWith(prefix)).map(dataOf<T>);
  const session = (run: string, attempt: number) => under<Step>(`session#${run}/a${attempt}`, 'step#');
  const keys = new Set(items.flatMap(({ pk }) => (sessionPattern.test(pk) ? [pk] : [])));
  return {
    ...{ play, events, of, items, session },
    letters: queue.dead,
    decisions: [...decisions.values()],
    slots: [...slots.values()],
    wrote: of('wrote').map((event) => ({ ...event, place: `${event.item.pk} ${event.item.sk}` })),
    runs: items.filter(({ sk }) => sk.startsWith('run#')).map(dataOf<Run>),
    attempts: (run) => under<Attempt>(`run#${run}`, 'attempt#'),
    effects: (run) => under<Effect>(`run#${run}`, 'effect#'),
    sessions: [...keys].map((pk) => {
      const [, run = '', attempt = ''] = sessionPattern.exec(pk) ?? [];
      return { run, attempt: Number(attempt), steps: session(run, Number(attempt)) };
    }),
  };
};

/** The run that an item of the table belongs to. */
export const runOf = ({ item }: { item: Item }): string => {
  if (item.sk.startsWith('run#')) return dataOf<Run>(item).id;
  return sessionPattern.exec(item.pk)?.[1] ?? item.pk.replace(/^run#/, '');
};

/** The attempt number of an attempt's item. */
export const attemptOf = ({ item }: { item: Item }): number => Number(/^attempt#(\d+)$/.exec(item.sk)?.[1]);
export const isAttempt = ({ item }: { item: Item }): boolean => item.sk.startsWith('attempt#');
export const isRun = ({ item }: { item: Item }): boolean => item.sk.startsWith('run#');
export const isStep = ({ item }: { item: Item }): boolean => item.sk.startsWith('step#');

/** When an attempt's session was last looked at by who closed the attempt, or decided the run: what came later he could not count. */
export const judgedAt = (run: string, attempt: number, { wrote, of }: Facts): number => {
  const closing = wrote.find(
    (write) =>
      (isAttempt(write) &&
        runOf(write) === run &&
        attemptOf(write) === attempt &&
        dataOf<Attempt>(write.item).failed) ||
      (isRun(write) && runOf(write) === run && dataOf<Run>(write.item).outcome),
  );
  if (!closing) return Number.POSITIVE_INFINITY;
  const looked = of('point').findLast(
    ({ actor, order, what }) =>
      actor === closing.actor && order < closing.order && what === `Query session#${run}/a${attempt} step#`,
  );
  return looked?.order ?? closing.order;
};
