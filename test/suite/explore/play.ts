import type { FailureName } from '../../../lib/failure.ts';
import type { SkipReason } from '../../../lib/run/outcome.ts';

/** A turn of the simulated model: a final text, tool calls as `[tool, to]`, the tool `give_up`, or a provider failure. */
export type Turn =
  | { says: string }
  | { calls: [tool: string, to: string][] }
  | { givesUp: 'for good' | 'for now' }
  | { fails: FailureName };

/** Where a call goes: its target up to the first dash, so that a call can be worded in several ways. */
export const placeOf = (to: string): string => to.replace(/-.*/, '');

/** How a run ends: the status of its outcome, its skip reason, or its failure. */
export type How = 'succeeded' | 'missed' | SkipReason | FailureName;

/** When a cue happens: once a slot's run has a lease, has claimed an attempt, or has ended. A cue that is still left happens when no actor can move. */
export type When = 'rest' | { placed: number } | { claimed: number } | { over: number };

/**
 * An event beside the first slot: a slot is delivered or its delivery is lost, the operator pauses or resumes the job, or six hours pass.
 * `die` ends the execution and its process without an event.
 */
export type Cue = { when: When } & (
  | { deliver: number }
  | { lose: number }
  | { does: 'pause' | 'resume' | 'die' | 'hours' }
);

/** A job, the behaviour of its model, and the expected ends of its runs. */
export type Play = {
  name: string;
  job: Record<string, unknown>;
  /** The model's turns in one attempt of a slot's run, in order. */
  turns(attempt: number, slot: number): Turn[];
  /** The number of model calls that one invocation has time for. */
  callsPerInvocation?: number;
  /** How a started run ends without faults, and after how many attempts. */
  ends(slot: number): { how: 'succeeded' | FailureName; attempts: number };
  /** How each slot ends without faults. */
  usual: How[];
  /** Events beside the first slot, in order. */
  cues?: Cue[];
  /** The number of the slot that is delivered first; 0 by default. */
  first?: number;
  /** Whether the watchman also runs when no work is left. */
  watched?: true;
};

/** A job with `slots` slots, one minute apart. Its runs may overlap unless `fields` says otherwise. */
export const job = (fields: Record<string, unknown> = {}, slots = 1) => ({
  schedule: { cron: `${slots === 1 ? '0' : `0-${slots - 1}`} 7 22 11 ? 2026` },
  model: 'scripted/explorer',
  prompt: 'Go.',
  tools: ['look', 'pay'],
  overlap: 'allow',
  ...fields,
});
export const say: Turn = { says: 'Done.' };
export const look: Turn = { calls: [['look', 'a']] };
export const pay: Turn = { calls: [['pay', 'a']] };
export const ends =
  (attempts: number, how: 'succeeded' | FailureName = 'succeeded') =>
  () => ({ how, attempts });
export const always =
  (...turns: Turn[]) =>
  () =>
    turns;
