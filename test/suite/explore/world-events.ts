import { failed, running } from './decision-options.ts';
import type { Moment } from './fault.ts';
import type { Cue, When } from './play.ts';
import type { Process } from './simulated-lambda.ts';
import type { World } from './simulated-service.ts';

/** The interval of the watchman's rule. */
const watchMs = 5 * 60_000;
/** Longer than the lease of a job with one attempt, shorter than Scheduler and Lambda keep an event. */
const hoursMs = 6 * 3_600_000;

/** The condition under which an abandoned process moves again; undefined: at once. */
export const stallUntil = (process: Process, moment: Moment, world: World): (() => boolean) | undefined => {
  const { claims } = world;
  if (moment === 'now') return undefined;
  if (moment === 'claimed') return () => world.claims > claims;
  if (moment === 'settled') return () => world.outcomes.has(process.run);
  return () => world.outcomes.has(world.slots.get(1) ?? '');
};

/** Ends the running execution from outside. The process of its task goes on, at once or at the given moment. */
const close = (world: World, status: 'ABORTED' | 'TIMED_OUT', moment: Moment): void => {
  const execution = running(world);
  if (!execution) return;
  for (const process of world.lambda.processes) {
    if (process.run !== execution.name || !process.byMachine || !process.respond) continue;
    process.respond = undefined;
    process.stalled = stallUntil(process, moment, world);
  }
  world.executions.close(execution, status);
};

/** Decisions that change the world instead of answering the waiting actor. */
export const worldDecisions: Record<string, (world: World, more: string) => void> = {
  again: (world, more) => world.deliver(Number(more) || 0),
  next: (world) => world.deliver(1),
  watch: (world) => world.watch(),
  abort: (world, moment) => close(world, 'ABORTED', moment as Moment),
  expire: (world, moment) => close(world, 'TIMED_OUT', moment as Moment),
  event: (world) => {
    const dead = failed(world);
    if (dead) world.executions.announce(dead);
  },
  redrive: (world) => {
    const dead = failed(world);
    if (dead) world.executions.redrive(dead);
  },
};

const cueActions: Record<Extract<Cue, { does: string }>['does'], (world: World) => void> = {
  pause: (world) => world.person('pause'),
  resume: (world) => world.person('resume'),
  hours: (world) => {
    world.clock.now += hoursMs;
  },
  die: (world) => {
    const execution = running(world);
    if (!execution) return;
    for (const process of world.lambda.processes)
      if (process.run === execution.name && process.state === 'running') world.lambda.kill(process);
    world.executions.close(execution, 'TIMED_OUT', { silent: true });
  },
};

const isDue = (when: When, { slots, placed, claimed, outcomes }: World): boolean => {
  if (when === 'rest') return false;
  if ('placed' in when) return placed.has(slots.get(when.placed) ?? '');
  if ('claimed' in when) return claimed.has(slots.get(when.claimed) ?? '');
  return outcomes.has(slots.get(when.over) ?? '');
};

/** Plays the next cue if it is due or no actor can move. Returns whether it played one. */
export const cued = (world: World, isIdle: boolean): boolean => {
  const [cue] = world.cues;
  if (!cue || !(isIdle || isDue(cue.when, world))) return false;
  world.cues.shift();
  world.record({ type: 'world', what: Object.entries(cue)[0]?.join(' ') ?? '' });
  if ('deliver' in cue) world.deliver(cue.deliver);
  else if ('lose' in cue) world.due(cue.lose);
  else cueActions[cue.does](world);
  return true;
};

/** Whether a slot has no outcome, or a run still has its lease or its place in the queue. */
const isUnfinished = ({ slots, outcomes, store, play }: World): boolean => {
  if ([...slots.values()].some((run) => !outcomes.has(run))) return true;
  const item = store.items.get(`job#${play.name}\nstate`);
  const { open = [], queued = null } = item ? JSON.parse(String(item.data)) : {};
  return open.length > 0 || queued !== null;
};

/** The world event that precedes the watchman when work is left. */
export const leftUndone = 'work is left for the watchman';

/** Wakes the watchman five minutes later if work is left or the play asks for it. Returns whether it did. */
export const watched = (world: World, rounds: { watches: number }): boolean => {
  const { play, clock, record } = world;
  const hasChecked = world.history.some((event) => event.type === 'observed' && event.what === 'checked');
  const isLeft = isUnfinished(world);
  if (rounds.watches === 0 || !(isLeft || (play.watched && !hasChecked))) return false;
  rounds.watches -= 1;
  clock.now += watchMs;
  record({ type: 'world', what: isLeft ? leftUndone : 'no work is left' });
  world.watch();
  return true;
};
