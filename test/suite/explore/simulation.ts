import { setImmediate as turn } from 'node:timers/promises';
import { isProcess, optionsAt } from './decision-options.ts';
import { faultOf, type Moment, zombies } from './fault.ts';
import type { Answer, Point } from './gate.ts';
import type { World } from './simulated-service.ts';
import { cued, stallUntil, watched, worldly } from './world-events.ts';

/** A schedule: what departs from the usual, and at which step. In all other steps whoever waits longest goes on. */
export type Decisions = Map<number, string>;

/** What could have been decided at a step, beside the usual. */
export type Step = { options: string[] };
/** What one schedule came to. */
export type Simulated = {
  world: World;
  steps: Step[];
  /** What could still have been decided when all was over. */
  atEnd: string[];
  decisions: Decisions;
  trouble: string | undefined;
};

/** Given a step and what may be decided there, the decision, or undefined for the usual. */
export type Strategy = (step: number, options: string[]) => string | undefined;

/** A schedule longer than this is going nowhere. */
const maxSteps = 600;
/** How often dead letters are delivered again, and how often the watchman looks for what is left undone. */
const maxRounds = 5;
const maxWatches = 8;
const msPerStep = 1000;

/** Who may go on, first the one whose turn it is: by arrival, and waits by when they end, after all else. */
const ready = ({ gate, clock }: World): Point[] =>
  gate.waiting
    .filter(({ actor }) => !isProcess(actor) || !actor.stalled || actor.stalled())
    .sort((a, b) => Math.max(0, a.wakeAt - clock.now) - Math.max(0, b.wakeAt - clock.now));

const carry = (point: Point): Answer => {
  try {
    return { value: point.carryOut() };
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name !== 'Error') return { error: thrown };
    throw thrown;
  }
};

/** Lets a point through, or strikes it with a fault. */
const release = (world: World, point: Point, name?: string): void => {
  const { gate, clock, lambda, happened } = world;
  const { actor, kind, what, input, wakeAt } = point;
  const fault = name === undefined ? undefined : faultOf(kind, name);
  gate.take(point);
  clock.now = Math.max(clock.now + msPerStep, wakeAt);
  const carried = fault?.carried ?? true;
  const answer = carried ? carry(point) : {};
  const error = answer.error?.name;
  happened({ type: 'point', actor: actor.name, kind, what, input, fault: name, carried, output: answer.value, error });
  if (fault?.dies && isProcess(actor)) lambda.kill(actor);
  else point.answer(name === undefined ? answer : { ...answer, fault: name });
};

const apply = (world: World, candidates: Point[], decision: string | undefined): void => {
  const [first] = candidates;
  const [name = '', more = 'now'] = decision?.split(/[@:]/) ?? [];
  if (Object.hasOwn(worldly, name)) {
    world.happened({ type: 'world', what: `${decision}` });
    worldly[name]?.(world, more);
    return;
  }
  if (!first) throw new Error(`nobody waits to meet ${decision}`);
  const error = Object.hasOwn(zombies, name) ? zombies[name as keyof typeof zombies] : undefined;
  if (error && isProcess(first.actor)) {
    first.actor.stalled = stallUntil(first.actor, more as Moment, world);
    world.lambda.giveUp(first.actor, error);
  } else if (name === 'order') {
    release(world, candidates[Number(more)] ?? first);
  } else release(world, first, decision);
};

/** Waits until every process waits at the gate or has ended. One that does neither waits for something real. */
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

/** Nobody is ready: the next cue comes, a stalled zombie is woken by what it waits for, the watchman looks, dead letters are delivered again, or it is over. */
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

/** Who may go on, when everybody has come to rest. Nobody: it is over. */
const settled = async (world: World, rounds: Rounds): Promise<Point[]> => {
  await quiet(world);
  if (cued(world, false)) return settled(world, rounds);
  const candidates = ready(world);
  return candidates.length === 0 && revived(world, rounds) ? settled(world, rounds) : candidates;
};

const stuck = ({ lambda }: World): string | undefined => {
  const names = lambda.processes.filter(({ state }) => state === 'running').map(({ name }) => name);
  return names.length > 0 ? `${names.join(', ')}: neither waits nor ends` : undefined;
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
  return result(`it goes on after ${maxSteps} steps`);
};
