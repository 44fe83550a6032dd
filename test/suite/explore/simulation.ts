import { setImmediate as turn } from 'node:timers/promises';
import { isProcess, optionsAt } from './decision-options.ts';
import { faultOf, type Moment, zombies } from './fault.ts';
import type { Answer, Point } from './gate.ts';
import type { World } from './simulated-service.ts';
import { cued, stallUntil, watched, worldDecisions } from './world-events.ts';

/** A schedule: the decision taken at a step. At every other step the actor that waits longest moves. */
export type Decisions = Map<number, string>;

/** The decisions that were possible at a step. */
export type Step = { options: string[] };
/** The result of one schedule. */
export type Simulated = {
  world: World;
  steps: Step[];
  /** The decisions that were still possible after the last step. */
  atEnd: string[];
  decisions: Decisions;
  trouble: string | undefined;
};

/** Chooses one of the possible decisions at a step, or undefined to let the first actor move. */
export type Strategy = (step: number, options: string[]) => string | undefined;

/** A schedule that takes more steps counts as endless. */
const maxSteps = 600;
/** Rounds of redelivered dead letters and of watchman invocations before a schedule ends. */
const maxRounds = 5;
const maxWatches = 8;
const msPerStep = 1000;

/** The points that may pass, in order of arrival. Waits come last, by the time they end. */
const ready = ({ gate, clock }: World): Point[] =>
  gate.waiting
    .filter(({ actor }) => !isProcess(actor) || !actor.stalled || actor.stalled())
    .sort((a, b) => Math.max(0, a.wakeAt - clock.now) - Math.max(0, b.wakeAt - clock.now));

const performed = (point: Point): Answer => {
  try {
    return { value: point.perform() };
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name !== 'Error') return { error: thrown };
    throw thrown;
  }
};

/** Lets a point pass the gate, with a fault where one is named. */
const release = (world: World, point: Point, name?: string): void => {
  const { gate, clock, lambda, record } = world;
  const { actor, kind, what, input, wakeAt } = point;
  const fault = name === undefined ? undefined : faultOf(kind, name);
  gate.take(point);
  clock.now = Math.max(clock.now + msPerStep, wakeAt);
  const isPerformed = fault?.performed ?? true;
  const answer = isPerformed ? performed(point) : {};
  const error = answer.error?.name;
  record({
    type: 'point',
    actor: actor.name,
    kind,
    what,
    input,
    fault: name,
    performed: isPerformed,
    output: answer.value,
    error,
  });
  if (fault?.dies && isProcess(actor)) lambda.kill(actor);
  else point.answer(name === undefined ? answer : { ...answer, fault: name });
};

const apply = (world: World, candidates: Point[], decision: string | undefined): void => {
  const [first] = candidates;
  const [name = '', more = 'now'] = decision?.split(/[@:]/) ?? [];
  if (Object.hasOwn(worldDecisions, name)) {
    world.record({ type: 'world', what: `${decision}` });
    worldDecisions[name]?.(world, more);
    return;
  }
  if (!first) throw new Error(`no actor waits for the decision ${decision}`);
  const error = Object.hasOwn(zombies, name) ? zombies[name as keyof typeof zombies] : undefined;
  if (error && isProcess(first.actor)) {
    first.actor.stalled = stallUntil(first.actor, more as Moment, world);
    world.lambda.giveUp(first.actor, error);
  } else if (name === 'order') {
    release(world, candidates[Number(more)] ?? first);
  } else release(world, first, decision);
};

/** Waits until every process has ended or waits at the gate. Gives up after 20 rounds on a process that does neither. */
const quiet = async ({ lambda, gate }: World): Promise<void> => {
  for (let round = 0; round < 20; round++) {
    await turn();
    const busy = lambda.processes.filter(
      (process) => process.state === 'running' && !gate.waiting.some(({ actor }) => actor === process),
    );
    if (busy.length === 0 && round > 0) return;
  }
};

type Rounds = { letters: number; watches: number };

/** Finds work when no actor is ready: the next cue, a stalled process, the watchman, then dead letters. Returns false when the schedule is over. */
const revived = (world: World, rounds: Rounds): boolean => {
  const { lambda, queue, slots, play } = world;
  if (cued(world, true)) return true;
  const stalled = lambda.processes.filter((process) => process.state === 'running' && process.stalled);
  if (stalled.length > 0 && !play.cues && !slots.has(1)) {
    world.deliver(1);
    return true;
  }
  if (stalled.length > 0) {
    for (const process of stalled) process.stalled = undefined;
    return true;
  }
  if (watched(world, rounds)) return true;
  if (queue.dead.length === 0 || rounds.letters === 0) return false;
  rounds.letters -= 1;
  for (const letter of queue.dead.splice(0)) queue.deliver(letter);
  return true;
};

/** The points that may pass once every process waits. An empty list ends the schedule. */
const settled = async (world: World, rounds: Rounds): Promise<Point[]> => {
  await quiet(world);
  if (cued(world, false)) return settled(world, rounds);
  const candidates = ready(world);
  return candidates.length === 0 && revived(world, rounds) ? settled(world, rounds) : candidates;
};

const stuck = ({ lambda }: World): string | undefined => {
  const names = lambda.processes.filter(({ state }) => state === 'running').map(({ name }) => name);
  return names.length > 0 ? `${names.join(', ')}: the process neither waits at the gate nor ends` : undefined;
};

/** Plays one schedule to its end. */
export const simulate = async (world: World, strategy: Strategy): Promise<Simulated> => {
  const steps: Step[] = [];
  const decisions: Decisions = new Map();
  const rounds: Rounds = { letters: maxRounds, watches: maxWatches };
  const result = (trouble: string | undefined, atEnd: string[] = []): Simulated => ({
    ...{ world, steps, atEnd, decisions, trouble },
  });
  world.deliver(world.play.first ?? 0);
  for (let step = 0; step < maxSteps; step++) {
    world.clock.step = step;
    const candidates = await settled(world, rounds);
    const options = optionsAt(world, candidates);
    const decision = strategy(step, options);
    if (decision === undefined && candidates.length === 0) return result(stuck(world), options);
    if (decision !== undefined && !options.includes(decision)) return result(`step ${step} has no ${decision}`);
    if (decision !== undefined) decisions.set(step, decision);
    steps.push({ options });
    apply(world, candidates, decision);
  }
  return result(`the schedule has not ended after ${maxSteps} steps`);
};
