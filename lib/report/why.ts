import { isDeepStrictEqual } from 'node:util';
import type { Job } from '../job/job.ts';
import { startsAt } from '../job/spread.ts';
import { refusal } from '../policy/admission.ts';
import { freshState, type JobState } from '../policy/job-state.ts';
import type { Lease } from '../policy/lease.ts';
import type { Outcome, Ran, Skip } from '../run/outcome.ts';
import { type Run, runId } from '../run/run.ts';
import { boundsOf, type Due, dueBetween, slotsAfter } from '../schedule/calendar.ts';
import type { Schedule } from '../schedule/schedule.ts';
import { type Slot, slotAt } from '../schedule/slot.ts';
import type { Checkpoint } from '../watch/checkpoint.ts';

/** A time somebody asks about: every instant it can mean, in order (none where clocks jump over it), and when it is reached. In milliseconds. */
export type Asked = { instants: number[]; reached: number };

/** Where a rate counts from, and whether that is known: else its slots cannot be told. */
export type Anchor = { at: Date; known: boolean };

/** What is known about a time: the job, its calendar, the runs recorded for the minutes asked about, what its other runs do, how far the watchman is. */
export type Facts = {
  job: Job;
  asked: Asked;
  anchor: Anchor;
  runs: Run[];
  state: JobState | undefined;
  look: Checkpoint | undefined;
  now: Date;
};

/** The slots on either side of a time, where there are any. */
export type Neighbours = { before: Due | undefined; next: Due | undefined };

/** What there is to say of one time of a job, by the first of these that holds. */
export type Verdict =
  | { kind: 'ran'; run: Run; outcome: Ran }
  | { kind: 'skipped'; run: Run; outcome: Extract<Outcome, { status: 'skipped' }> }
  | { kind: 'missed'; run: Run; outcome: Extract<Outcome, { status: 'missed' }> }
  /** It waits for these runs to end. */
  | { kind: 'queued'; run: Run; behind: string[] }
  /** It is open; `startsAt` while it still waits for its place in the spread. */
  | { kind: 'open'; run: Run; startsAt: string | undefined }
  /** It is to come; `refused`: why it would not run, as things stand. */
  | { kind: 'ahead'; due: Due; refused: Skip | undefined }
  /** It was due, and the watchman has not come to it. `place`: its dispatch is at work, or died. `behind`: what it would wait for. */
  | { kind: 'unrecorded'; due: Due; refused: Skip | undefined; place: Lease | undefined; behind: string[] }
  /** It would have been due by today's schedule, and by no schedule of its time. */
  | { kind: 'unaccounted'; due: Due; to: Slot }
  | ({ kind: 'not-due'; because: 'calendar' | 'gap' | 'disabled' } & Neighbours)
  /** A rate of which nobody knows where it counts from. */
  | { kind: 'unknowable' };

/** A verdict, the slot it is about, the second of two equal times where the first is told of, and runs that persons started for that minute. */
export type Why = Verdict & { slot: Slot | undefined; again: Slot | undefined; beside: Run[] };

const minute = 60_000;
const day = 24 * 60 * minute;

/** How far back a slot is looked for, each only where the one before held none. */
const searchWindows = [2 * minute, 2 * 60 * minute, 2 * day, 10 * day, 70 * day, 800 * day, 3660 * day];

/** The last slot before an instant and the first one after it, of those that are to run. */
export const neighbours = (schedule: Schedule, instant: number, anchor: Date): Neighbours => {
  const runs = ({ skip }: Due) => skip === undefined;
  const last = (back: number) =>
    dueBetween(schedule, new Date(instant - back), new Date(instant - 1), { anchor })
      .filter(runs)
      .at(-1);
  const before = searchWindows.reduce<Due | undefined>((found, back) => found ?? last(back), undefined);
  const next = slotsAfter(schedule, new Date(instant), { anchor }).find(runs);
  return { before, next };
};

/** The minutes in which a time asked about lies: a slot in one of them is meant. */
export const minutesOf = ({ instants, reached }: Asked): { from: Slot; to: Slot }[] =>
  (instants.length > 0 ? instants : [reached]).map((instant) => {
    const from = Math.floor(instant / minute) * minute;
    return { from: slotAt(new Date(from)), to: slotAt(new Date(from + minute - 1000)) };
  });

/** The schedule the watchman goes by so far, where the job's file has another by now. */
export const scheduleSoFar = ({ job, look }: Facts): Schedule | undefined =>
  look?.schedule && !isDeepStrictEqual(look.schedule, job.schedule) ? look.schedule : undefined;

/** What was due lately by that one, as far as the watchman has not come to it. */
const dueSoFar = (facts: Facts, after: Date, to: Date): Due[] => {
  const { look, now } = facts;
  const schedule = scheduleSoFar(facts);
  if (!look || !schedule) return [];
  const [later, earlier] = [
    Math.max(after.getTime(), Date.parse(look.accountedUpTo)),
    Math.min(to.getTime(), now.getTime()),
  ];
  if (later >= earlier) return [];
  return dueBetween(schedule, new Date(later), new Date(earlier), { anchor: new Date(look.anchor.at) });
};

const dueIn = (facts: Facts): Due[] =>
  minutesOf(facts.asked).flatMap(({ from, to }) => {
    const [after, until] = [new Date(Date.parse(from) - 1000), new Date(to)];
    const due = dueBetween(facts.job.schedule, after, until, { anchor: facts.anchor.at });
    const others = dueSoFar(facts, after, until).filter(({ slot }) => !due.some((one) => one.slot === slot));
    return [...due, ...others];
  });

/** The slot that is meant: that of the very instant, else one that is to run, else the first. */
const meant = (slots: Slot[], due: Due[], { instants }: Asked): Slot | undefined => {
  const exact = slots.filter((slot) => instants.includes(Date.parse(slot)));
  const near = exact.length > 0 ? exact : slots;
  return near.find((slot) => due.some((one) => one.slot === slot && one.skip !== 'fold')) ?? near[0];
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

const draft = (job: Job, slot: Slot, now: Date): Run => ({
  id: runId({ job: job.name, slot }),
  slot,
  job,
  origin: 'watchman',
  startedAt: now.toJSON(),
  outcome: null,
  version: 1,
});

const unrecorded = (due: Due, { job, look, now }: Facts, state: JobState): Verdict => {
  const run = draft(job, due.slot, now);
  const instant = Date.parse(due.slot);
  if (instant > now.getTime()) return { kind: 'ahead', due, refused: refusal(run, state, new Date(instant)) };
  if (look && due.slot <= look.accountedUpTo) return { kind: 'unaccounted', due, to: look.accountedUpTo };
  const place = state.open.find((lease) => lease.run === run.id);
  const behind = job.overlap === 'allow' ? [] : holders(state, run.id);
  return { kind: 'unrecorded', due, refused: refusal(run, state, now), place, behind };
};

const notDue = ({ job, asked, anchor }: Facts): Verdict => {
  if (!anchor.known && job.schedule.rate !== undefined) return { kind: 'unknowable' };
  const around = neighbours(job.schedule, asked.instants[0] ?? asked.reached, anchor.at);
  const because = asked.instants.length === 0 ? 'gap' : 'calendar';
  return { kind: 'not-due', because: job.enabled ? because : 'disabled', ...around };
};

/** What clocks jump over is due only where the schedule says that it then is, after the jump. */
const counts = ({ job, asked }: Facts): boolean => asked.instants.length > 0 || job.schedule.dst?.gap === 'after';

/** Why a job did or did not run at a time, or whether it will. A slot in the minute asked about is the one that is meant. */
export const why = (facts: Facts): Why => {
  const { job, asked, anchor, runs, now } = facts;
  const state = facts.state ?? freshState(job.name);
  const calendar = counts(facts);
  const due = calendar && (anchor.known || job.schedule.rate === undefined) ? dueIn(facts) : [];
  const own = calendar ? runs.filter(({ suffix }) => suffix === undefined) : [];
  const slots = [...new Set([...due, ...own].map(({ slot }) => slot))].sort();
  const slot = meant(slots, due, asked);
  const run = own.find((one) => one.slot === slot);
  const one = due.find((each) => each.slot === slot);
  const [, second] = asked.instants;
  const verdict = run ? recorded(run, state, now) : one && job.enabled ? unrecorded(one, facts, state) : notDue(facts);
  const about = 'run' in verdict || 'due' in verdict ? slot : undefined;
  return {
    ...verdict,
    slot: about,
    again: slots.find((other) => second !== undefined && other !== about && Date.parse(other) >= second),
    beside: runs.filter(({ suffix }) => suffix !== undefined),
  };
};

/** Where a job's rate counts from: as the watchman knows, else a slot its schedule delivered, else its start. Only for a rate does it matter. */
export const anchorOf = ({ schedule }: Job, look: Checkpoint | undefined, runs: Run[]): Anchor => {
  const delivered = runs.find(({ suffix, origin }) => suffix === undefined && origin !== 'watchman')?.slot;
  const at = look?.schedule?.rate === undefined ? (delivered ?? boundsOf(schedule).start) : look.anchor.at;
  return { at: new Date(at ?? 0), known: at !== undefined || schedule.rate === undefined };
};
