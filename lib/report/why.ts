import { isDeepStrictEqual } from 'node:util';
import type { Job } from '../job/job.ts';
import { startsAt } from '../job/spread.ts';
import { refusal } from '../policy/admission.ts';
import { freshState, type JobState } from '../policy/job-state.ts';
import type { Lease } from '../policy/lease.ts';
import type { Outcome, Ran, Skip } from '../run/outcome.ts';
import { draftRun, type Run } from '../run/run.ts';
import { boundsOf, type Due, dueBetween, slotsAfter } from '../schedule/calendar.ts';
import type { Schedule } from '../schedule/schedule.ts';
import { type Slot, slotAt } from '../schedule/slot.ts';
import { slotBefore } from '../schedule/slot-before.ts';
import type { Checkpoint } from '../watch/checkpoint.ts';
import type { SlotRange } from '../watch/slot-range.ts';

/** The local time in question, in milliseconds: all its instants in order (none if clocks skip it), and when clocks `reached` it. */
export type Asked = { instants: number[]; reached: number };

/** The instant from which a rate counts. If it is not `known`, the slots of a rate cannot be computed. */
export type Anchor = { at: Date; known: boolean };

/** The evidence for an answer. `runs` are those recorded for the minutes asked about, `ranges` those that include such a minute. */
export type Facts = {
  job: Job;
  asked: Asked;
  anchor: Anchor;
  runs: Run[];
  ranges: SlotRange[];
  state: JobState | undefined;
  checkpoint: Checkpoint | undefined;
  now: Date;
};

/** The last slot before a time and the first after it, if any. */
export type Neighbours = { before: Due | undefined; next: Due | undefined };

/** The answer for one time of a job: the first of these that applies. */
export type Verdict =
  | { kind: 'ran'; run: Run; outcome: Ran }
  | { kind: 'skipped'; run: Run; outcome: Extract<Outcome, { status: 'skipped' }> }
  | { kind: 'missed'; run: Run; outcome: Extract<Outcome, { status: 'missed' }> }
  /** The run waits until the runs in `behind` have ended. */
  | { kind: 'queued'; run: Run; behind: string[] }
  /** The run is open. `startsAt` is set while it waits for its offset in the spread. */
  | { kind: 'open'; run: Run; startsAt: string | undefined }
  /** The slot is in the future. `refused`: why it would not run as things are now. */
  | { kind: 'ahead'; due: Due; refused: Skip | undefined }
  /** The slot was due, and the watchman has not checked it. `lease`: its dispatch is working or died. `behind`: runs it would wait for. */
  | { kind: 'unrecorded'; due: Due; refused: Skip | undefined; lease: Lease | undefined; behind: string[] }
  /** The slot has no run, and the watchman recorded all such slots of the range as missed. */
  | { kind: 'closed'; due: Due; range: SlotRange }
  /** The slot is due by the current schedule, but was not by the schedule in force then. */
  | { kind: 'unaccounted'; due: Due; to: Slot }
  | ({ kind: 'not-due'; because: 'calendar' | 'gap' | 'disabled' } & Neighbours)
  /** The job has a rate, and the instant from which it counts is unknown. */
  | { kind: 'unknowable' };

/** A verdict with its slot, the later of two equal local times (`again`), and manual runs for that minute (`beside`). */
export type Why = Verdict & { slot: Slot | undefined; again: Slot | undefined; beside: Run[] };

const minute = 60_000;

/** The last slot before an instant and the first after it. Slots that are recorded as skipped do not count. */
export const neighbours = (schedule: Schedule, instant: number, anchor: Date): Neighbours => {
  const next = slotsAfter(schedule, new Date(instant), { anchor }).find(({ skip }) => skip === undefined);
  return { before: slotBefore(schedule, instant, { anchor }), next };
};

/** The minutes of a time in question: any slot within them is meant. */
export const minutesOf = ({ instants, reached }: Asked): { from: Slot; to: Slot }[] =>
  (instants.length > 0 ? instants : [reached]).map((instant) => {
    const from = Math.floor(instant / minute) * minute;
    return { from: slotAt(new Date(from)), to: slotAt(new Date(from + minute - 1000)) };
  });

/** The schedule in the watchman's checkpoint, if the job file has a different one by now. */
export const scheduleSoFar = ({ job, checkpoint }: Facts): Schedule | undefined =>
  checkpoint?.schedule && !isDeepStrictEqual(checkpoint.schedule, job.schedule) ? checkpoint.schedule : undefined;

/** The slots of the checkpoint's schedule that the watchman has not checked yet. */
const dueByCheckpoint = (facts: Facts, after: Date, to: Date): Due[] => {
  const { checkpoint, now } = facts;
  const schedule = scheduleSoFar(facts);
  if (!checkpoint || !schedule) return [];
  const [later, earlier] = [
    Math.max(after.getTime(), Date.parse(checkpoint.accountedUpTo)),
    Math.min(to.getTime(), now.getTime()),
  ];
  if (later >= earlier) return [];
  return dueBetween(schedule, new Date(later), new Date(earlier), { anchor: new Date(checkpoint.anchor.at) });
};

const dueIn = (facts: Facts): Due[] =>
  minutesOf(facts.asked).flatMap(({ from, to }) => {
    const [after, until] = [new Date(Date.parse(from) - 1000), new Date(to)];
    const due = dueBetween(facts.job.schedule, after, until, { anchor: facts.anchor.at });
    const slots = new Set(due.map(({ slot }) => slot));
    const others = dueByCheckpoint(facts, after, until).filter(({ slot }) => !slots.has(slot));
    return [...due, ...others];
  });

/** The slot in question. Prefers slots at the exact instant, then a due slot that no fold skips. */
const meant = (slots: Slot[], due: Due[], { instants }: Asked): Slot | undefined => {
  const exact = slots.filter((slot) => instants.includes(Date.parse(slot)));
  const near = exact.length > 0 ? exact : slots;
  return near.find((slot) => due.some((each) => each.slot === slot && each.skip !== 'fold')) ?? near[0];
};

const holders = (state: JobState, but: string): string[] =>
  state.open.flatMap(({ run, holds }) => (holds && run !== but ? [run] : []));

const recorded = (run: Run, state: JobState, now: Date): Verdict => {
  const { outcome } = run;
  if (outcome?.status === 'skipped') return { kind: 'skipped', run, outcome };
  if (outcome?.status === 'missed') return { kind: 'missed', run, outcome };
  if (outcome) return { kind: 'ran', run, outcome };
  if (state.queued === run.id) return { kind: 'queued', run, behind: holders(state, run.id) };
  const starts = startsAt(run.slot, run.job);
  return { kind: 'open', run, startsAt: Date.parse(starts) > now.getTime() ? starts : undefined };
};

const unrecorded = (due: Due, { job, ranges, checkpoint, now }: Facts, state: JobState): Verdict => {
  const range = ranges.find(({ from, to }) => from <= due.slot && due.slot <= to);
  if (range) return { kind: 'closed', due, range };
  const run = draftRun(job, due.slot, now);
  const instant = Date.parse(due.slot);
  if (instant > now.getTime()) return { kind: 'ahead', due, refused: refusal(run, state, new Date(instant)) };
  if (checkpoint && due.slot <= checkpoint.accountedUpTo)
    return { kind: 'unaccounted', due, to: checkpoint.accountedUpTo };
  const lease = state.open.find((held) => held.run === run.id);
  const behind = job.overlap === 'allow' ? [] : holders(state, run.id);
  return { kind: 'unrecorded', due, refused: refusal(run, state, now), lease, behind };
};

const notDue = ({ job, asked, anchor }: Facts): Verdict => {
  if (!anchor.known && job.schedule.rate !== undefined) return { kind: 'unknowable' };
  const around = neighbours(job.schedule, asked.instants[0] ?? asked.reached, anchor.at);
  const because = asked.instants.length === 0 ? 'gap' : 'calendar';
  return { kind: 'not-due', because: job.enabled ? because : 'disabled', ...around };
};

/** A local time that clocks skip has a slot only with `dst.gap: after`. */
const isDueTime = ({ job, asked }: Facts): boolean => asked.instants.length > 0 || job.schedule.dst?.gap === 'after';

/** Explains why a job ran or did not run at a time, or whether it will. A slot anywhere in that minute is meant. */
export const why = (facts: Facts): Why => {
  const { job, asked, anchor, runs, now } = facts;
  const state = facts.state ?? freshState(job.name);
  const calendar = isDueTime(facts);
  const due = calendar && (anchor.known || job.schedule.rate === undefined) ? dueIn(facts) : [];
  const own = calendar ? runs.filter(({ suffix }) => suffix === undefined) : [];
  const slots = [...new Set([...due, ...own].map(({ slot }) => slot))].sort();
  const slot = meant(slots, due, asked);
  const run = own.find((each) => each.slot === slot);
  const dueSlot = due.find((each) => each.slot === slot);
  const [, second] = asked.instants;
  const verdict = run
    ? recorded(run, state, now)
    : dueSlot && job.enabled
      ? unrecorded(dueSlot, facts, state)
      : notDue(facts);
  const about = 'run' in verdict || 'due' in verdict ? slot : undefined;
  return {
    ...verdict,
    slot: about,
    again: slots.find((other) => second !== undefined && other !== about && Date.parse(other) >= second),
    beside: runs.filter(({ suffix }) => suffix !== undefined),
  };
};

/**
 * The instant from which a job's rate counts: the checkpoint's, else a slot that its schedule delivered, else a `start` ahead. A start that had passed
 * when the schedule was created counts for nothing.
 */
export const anchorOf = ({ schedule }: Job, checkpoint: Checkpoint | undefined, runs: Run[], now: Date): Anchor => {
  const delivered = runs.find(({ suffix, origin }) => suffix === undefined && origin !== 'watchman')?.slot;
  const { start } = boundsOf(schedule);
  const ahead = start !== undefined && Date.parse(start) > now.getTime() ? start : undefined;
  const at = checkpoint?.schedule?.rate === undefined ? (delivered ?? ahead) : checkpoint.anchor.at;
  return { at: new Date(at ?? 0), known: at !== undefined || schedule.rate === undefined };
};
