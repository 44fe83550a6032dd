import { createHash } from 'node:crypto';
import { classOf } from './fault.ts';
import { type Violation, violations } from './invariants.ts';
import type { Play } from './play.ts';
import { plays } from './plays.ts';
import type { Product } from './product-bundle.ts';
import { readDefinition } from './simulated-machine.ts';
import { openWorld } from './simulated-service.ts';
import { type Decisions, type Simulated, type Strategy, simulate } from './simulation.ts';
import { replaying, scheduleText, seeded } from './strategy.ts';

/** Which decisions form the pairs of a schedule: all, one of each kind of fault, or kills. */
export type Choice = 'all' | 'core' | 'killed';
/** A part of the search that one worker plays. */
export type Task = { job: string; part: number; parts: number } & (
  | { phase: 'one' }
  | { phase: 'two'; choice: Choice }
  | { phase: 'seeds'; from: number; to: number }
);

export type Played = {
  job: string;
  class: string;
  seed: number | undefined;
  decisions: string;
  history: string;
  /** States in which executions were ended from outside, such as `ABORTED in Backoff`. */
  cut: string[];
  /** Whether a writer lost a race. */
  raced: boolean;
  violations: Violation[];
};

/** Plays schedules on one product. */
export type Player = { play(job: Play, strategy: Strategy, fresh?: boolean): Promise<Simulated> };

export const openPlayer = (product: Product, definition: string): Player => {
  const machine = readDefinition(definition);
  return {
    play: (job, strategy, fresh = false) =>
      simulate(openWorld(job, machine, fresh ? product.fresh : product.warm), strategy),
  };
};

export const playOf = (name: string): Play => {
  const found = plays.find((play) => play.name === name);
  if (!found) throw new Error(`there is no job ${name}; the jobs are ${plays.map((play) => play.name).join(', ')}`);
  return found;
};

/** One decision of each kind of fault, for jobs on which all pairs are too many. */
const core = [
  'kill-before',
  'kill-after',
  'gone',
  'unavailable',
  'unseen',
  'vanish',
  'ModelUnavailable',
  'again',
  'next',
  'abort',
  'abort@settled',
  'expire',
];
const coreZombies = ['timeout@now', 'timeout@settled', 'client@now'];

const isChosen = (choice: Choice, decision: string): boolean => {
  if (choice === 'all') return true;
  if (choice === 'killed') return classOf(decision) === 'killed';
  return core.includes(decision) || coreZombies.includes(decision);
};

/** Every schedule with one more decision, after the last one taken. */
const departures = ({ steps, atEnd, decisions }: Simulated, choice: Choice): Decisions[] => {
  const last = Math.max(-1, ...decisions.keys());
  return [...steps.map(({ options }) => options), atEnd].flatMap((options, step) =>
    step > last
      ? options.filter((option) => isChosen(choice, option)).map((option) => new Map([...decisions, [step, option]]))
      : [],
  );
};

/** A hash of a schedule's history. Equal histories have equal hashes. */
const historyOf = ({ world }: Simulated): string => {
  const hash = createHash('sha1');
  for (const event of world.history) {
    if (event.type === 'point') hash.update(`${event.actor} ${event.what} ${event.fault ?? ''}\n`);
    if (event.type === 'abandoned' || event.type === 'closed') hash.update(`${JSON.stringify(event)}\n`);
  }
  return hash.digest('base64').slice(0, 16);
};

const cutIn = ({ world: { history } }: Simulated): string[] => {
  const states = new Map<string, string>();
  return history.flatMap((event) => {
    if (event.type === 'entered') states.set(event.run, event.state);
    if (event.type !== 'closed' || !['ABORTED', 'TIMED_OUT'].includes(event.status)) return [];
    return [`${event.status} in ${states.get(event.run)}`];
  });
};

const isRaced = ({ world: { history } }: Simulated): boolean =>
  history.some((event) => event.type === 'point' && event.error === 'ConditionalCheckFailedException');

const classOfAll = ([first, ...more]: string[]): string => {
  if (first === undefined) return 'usual';
  return more.length > 0 ? 'two' : classOf(first);
};

const played = (simulated: Simulated, seed?: number): Played => ({
  job: simulated.world.play.name,
  class: seed === undefined ? classOfAll([...simulated.decisions.values()]) : 'random',
  seed,
  decisions: scheduleText(simulated.decisions),
  history: historyOf(simulated),
  cut: cutIn(simulated),
  raced: isRaced(simulated),
  violations: violations(simulated),
});

/** Plays every schedule of a task in a fixed order. */
export async function* search(task: Task, { play }: Player): AsyncGenerator<Played> {
  const job = playOf(task.job);
  const mine = (_: unknown, at: number): boolean => at % task.parts === task.part;
  if (task.phase === 'seeds') {
    for (let seed = task.from; seed < task.to; seed++) yield played(await play(job, seeded(seed)), seed);
    return;
  }
  const usual = await play(job, () => undefined);
  if (task.phase === 'one') {
    if (task.part === 0) yield played(usual);
    for (const decisions of departures(usual, 'all').filter(mine)) yield played(await play(job, replaying(decisions)));
    return;
  }
  for (const decision of departures(usual, task.choice).filter(mine)) {
    const first = await play(job, replaying(decision));
    for (const pair of departures(first, task.choice)) yield played(await play(job, replaying(pair)));
  }
}
