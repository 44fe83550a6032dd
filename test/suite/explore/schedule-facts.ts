import type { JobState } from '../../../lib/policy/job-state.ts';
import type { Attempt } from '../../../lib/run/attempt.ts';
import type { Effect } from '../../../lib/run/effect.ts';
import type { Outcome } from '../../../lib/run/outcome.ts';
import type { Run } from '../../../lib/run/run.ts';
import type { Step } from '../../../lib/run/step.ts';
import type { Event, EventOf } from './history.ts';
import type { Play } from './play.ts';
import type { Letter } from './simulated-queue.ts';
import type { Item } from './simulated-store.ts';
import type { Simulated } from './simulation.ts';

/** A write with its place in the order of events and its key. */
export type Wrote = EventOf<'wrote'> & { order: number; place: string };
export type Numbered<E> = E & { order: number };

/** A write of the job's state, with the state before and after it. */
export type Stated = Wrote & { was: JobState; is: JobState };

/** The facts of one schedule that the checks read. `order` numbers the events. */
export type Facts = {
  play: Play;
  decisions: string[];
  /** The runs of the slots that were due. */
  slots: string[];
  /** The number of the slot of a run. */
  slotOf(run: string): number;
  events: Numbered<Event>[];
  of<Type extends Event['type']>(type: Type): Numbered<EventOf<Type>>[];
  wrote: Wrote[];
  items: Item[];
  /** Events that still failed after every redelivery. */
  letters: Letter[];
  runs: Run[];
  states: Stated[];
  /** The outcome of a run as of the event with this number. */
  outcomeAt(run: string, order: number): Outcome | undefined;
  attempts(run: string): Attempt[];
  effects(run: string): Effect[];
  /** The stored steps of an attempt. */
  session(run: string, attempt: number): Step[];
  /** Every stored session. */
  sessions: { run: string; attempt: number; steps: Step[] }[];
};

const dataOf = <T>({ data }: Item): T => JSON.parse(String(data));
/** The step in an item, which stores its messages as `turn`. */
export const stepOf = (item: Item): Step => {
  const { turn, ...step } = dataOf<Omit<Step, 'messages'> & { turn: Step['messages'] }>(item);
  return { ...step, messages: turn };
};
const sessionPattern = /^session#(.+)\/a(\d+)$/;

export const factsOf = ({ world, decisions }: Simulated): Facts => {
  const { play, history, store, slots, queue } = world;
  const events = history.map((event, order) => ({ ...event, order }));
  const of = <Type extends Event['type']>(type: Type) =>
    events.filter((event) => event.type === type) as unknown as Numbered<EventOf<Type>>[];
  const items = [...store.items.values()].sort((a, b) => (a.sk < b.sk ? -1 : 1));
  const itemsUnder = (pk: string, prefix: string) =>
    items.filter((item) => item.pk === pk && item.sk.startsWith(prefix));
  const under = <T>(pk: string, prefix: string): T[] => itemsUnder(pk, prefix).map(dataOf<T>);
  const session = (run: string, attempt: number) => itemsUnder(`session#${run}/a${attempt}`, 'step#').map(stepOf);
  const keys = new Set(items.flatMap(({ pk }) => (sessionPattern.test(pk) ? [pk] : [])));
  const wrote = of('wrote').map((event) => ({ ...event, place: `${event.item.pk} ${event.item.sk}` }));
  const runs = wrote.filter(isRun).map((write) => ({ order: write.order, run: dataOf<Run>(write.item) }));
  return {
    ...{ play, events, wrote, of, items, session },
    letters: queue.dead,
    decisions: [...decisions.values()],
    slots: [...slots.values()],
    slotOf: (run) => [...slots].find(([, id]) => id === run)?.[0] ?? -1,
    states: wrote.filter(isState).map((write) => {
      return { ...write, was: write.before ? dataOf<JobState>(write.before) : blank, is: dataOf<JobState>(write.item) };
    }),
    outcomeAt: (id, order) =>
      runs.find(({ run, order: then }) => run.id === id && run.outcome && then <= order)?.run.outcome ?? undefined,
    runs: items.filter(({ sk }) => sk.startsWith('run#')).map(dataOf<Run>),
    attempts: (run) => under<Attempt>(`run#${run}`, 'attempt#'),
    effects: (run) => under<Effect>(`run#${run}`, 'effect#'),
    sessions: [...keys].map((pk) => {
      const [, run = '', attempt = ''] = sessionPattern.exec(pk) ?? [];
      return { run, attempt: Number(attempt), steps: session(run, Number(attempt)) };
    }),
  };
};

const none = { of: '', usd: 0, runs: 0 };
/** The state of a job without a stored state. */
export const blank: JobState = {
  ...{ job: '', open: [], queued: null, pauses: [], streak: 0, breaker: null, lastSuccess: null, version: 0 },
  spent: { day: none, month: none },
};

/** The run that an item of the table belongs to. */
export const runOf = ({ item }: { item: Item }): string => {
  if (item.sk.startsWith('run#')) return dataOf<Run>(item).id;
  return sessionPattern.exec(item.pk)?.[1] ?? item.pk.replace(/^run#/, '');
};

export const attemptOf = ({ item }: { item: Item }): number => Number(/^attempt#(\d+)$/.exec(item.sk)?.[1]);
export const isAttempt = ({ item }: { item: Item }): boolean => item.sk.startsWith('attempt#');
export const isRun = ({ item }: { item: Item }): boolean => item.sk.startsWith('run#');
const isState = ({ item }: { item: Item }): boolean => item.sk === 'state';
export const isStep = ({ item }: { item: Item }): boolean => item.sk.startsWith('step#');

/** The number of the event in which the closer of an attempt, or of its run, last read the session. Later steps cannot count. */
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
