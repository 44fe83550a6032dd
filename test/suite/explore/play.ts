import type { FailureName } from '../../../lib/failure.ts';
import type { SkipReason } from '../../../lib/run/outcome.ts';

/** A turn of the simulated model: words, calls `[tool, to]`, or the failure its provider stands for. */
export type Turn = { says: string } | { calls: [tool: string, to: string][] } | { fails: FailureName };

/** How a run ends: its outcome's status, the reason it was skipped for, or its failure. */
export type How = 'succeeded' | 'missed' | SkipReason | FailureName;

/** When a cue comes: as soon as a slot's run has its place, is at work, or has ended. When nobody can go on, it comes at the latest. */
export type When = 'rest' | { placed: number } | { claimed: number } | { over: number };

/**
 * What happens in the world beside the first slot: a slot is delivered, or is due and nobody delivers it, somebody pauses the job or resumes it, an execution and its
 * process are gone without a word, or hours pass.
 */
export type Cue = { when: When } & (
  | { deliver: number }
  | { lose: number }
  | { does: 'pause' | 'resume' | 'die' | 'hours' }
);

/** A job, how its model behaves, and how its runs end when nothing goes wrong. */
export type Play = {
  name: string;
  job: Record<string, unknown>;
  /** The turns of an attempt of a slot's run, by how many the session has. */
  turns(attempt: number, slot: number): Turn[];
  /** How many model calls an invocation has time for. */
  callsPerInvocation?: number;
  /** How a run ends by itself if it is made: its outcome's status or failure, and after how many attempts. */
  ends(slot: number): { how: 'succeeded' | FailureName; attempts: number };
  /** How each slot ends when nothing goes wrong. */
  usual: How[];
  /** What happens beside the first slot, in this order. */
  cues?: Cue[];
  /** The slot that is delivered first. */
  first?: number;
  /** Whether the watchman looks even where all is well. */
  watched?: true;
};

/** A job that is due at `slots` minutes, one after the other. Its runs do not mind each other, if it does not say so. */
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
