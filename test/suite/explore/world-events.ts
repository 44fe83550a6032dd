import { failed, running } from './decision-options.ts';
import type { Moment } from './fault.ts';
import type { Cue, When } from './play.ts';
import type { Process } from './simulated-lambda.ts';
import type { World } from './simulated-service.ts';

/** The watchman's own schedule, in milliseconds. */
const watchMs = 5 * 60_000;
/** Longer than the lease of any job with one attempt, and shorter than an event is kept, in milliseconds. */
const hoursMs = 6 * 3_600_000;

/** Until when a process whose caller hears nothing of it any more keeps still. */
export const stallUntil = (process: Process, moment: Moment, world: World): (() => boolean) | undefined => {
  const { claims } = world;
  if (moment === 'now') return undefined;
  if (moment === 'claimed') return () => world.claims > claims;
  if (moment === 'settled') return () => world.outcomes.has(process.run);
  return () => world.outcomes.has(world.slots.get(1) ?? '');
};

/** Ends an execution from outside. Its task's process hears nothing of it and goes on, at once or at that moment. */
const close = (world: World, status: 'ABORTED' | 'TIMED_OUT', moment: Moment): void => {
  const execution = running(world);
  if (!execution) return;
  for (const process of world.lambda.processes) {
    if (process.run !== execution.name || !process.byMachine || !process.tell) continue;
    process.tell = undefined;
    process.stalled = stallUntil(process, moment, world);
  }
  world.executions.close(execution, status);
};

/** Decisions that are no answer to whoever waits, but happen in the world. */
export const worldly: Record<string, (world: World, more: string) => void> = {
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

const doings: Record<Extract<Cue, { does: string }>['does'], (world: World) => void> = {
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

const hasCome = (when: When, { slots, placed, claimed, outcomes }: World): boolean => {
  if (when === 'rest') return false;
  if ('placed' in when) return placed.has(slots.get(when.placed) ?? '');
  if ('claimed' in when) return claimed.has(slots.get(when.claimed) ?? '');
  return outcomes.has(slots.get(when.over) ?? '');
};

/** Lets the next cue come if its moment has, or if nobody can go on. Says whether it did. */
export const cued = (world: World, nobody: boolean): boolean => {
  const [cue] = world.cues;
  if (!cue || !(nobody || hasCome(cue.when, world))) return false;
  world.cues.shift();
  world.happened({ type: 'world', what: Object.entries(cue)[0]?.join(' ') ?? '' });
  if ('deliver' in cue) world.deliver(cue.deliver);
  else if ('lose' in cue) world.due(cue.lose);
  else doings[cue.does](world);
  return true;
};

/** Whether anything is left undone: a slot without its outcome, or a run that has its place still. */
const isUnfinished = ({ slots, outcomes, store, play }: World): boolean => {
  if ([...slots.values()].some((run) => !outcomes.has(run))) return true;
  const item = store.items.get(`job#${play.name}\nstate`);
  const { open = [], queued = null } = item ? JSON.parse(String(item.data)) : {};
  return open.length > 0 || queued !== null;
};

/** What the world says when the watchman is needed. */
export const leftUndone = 'something is left undone';

/** Five minutes later the watchman looks, if there is anything to see. Says whether he does. */
export const watched = (world: World, rounds: { watches: number }): boolean => {
  const { play, clock, happened } = world;
  const looked = world.history.some((event) => event.type === 'told' && event.what === 'looked');
  const isLeft = isUnfinished(world);
  if (rounds.watches === 0 || !(isLeft || (play.watched && !looked))) return false;
  rounds.watches -= 1;
  clock.now += watchMs;
  happened({ type: 'world', what: isLeft ? leftUndone : 'all is done' });
  world.watch();
  return true;
};
