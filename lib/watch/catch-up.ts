import { Failure } from '../failure.ts';
import type { Job } from '../job/job.ts';
import { type DispatchDeps, dispatch, mostSlots } from '../lifecycle/dispatch.ts';
import { refusal } from '../policy/admission.ts';
import { freshState, type JobState } from '../policy/job-state.ts';
import type { Outcome } from '../run/outcome.ts';
import { type Run, runId } from '../run/run.ts';
import type { Due } from '../schedule/calendar.ts';
import { type Slot, slotAge } from '../schedule/slot.ts';
import { noUsage } from '../usage.ts';

/** What became of the slots nobody delivered. `left`: where the next look has to begin, because one is not dealt with yet. */
export type CaughtUp = { missed: Slot[]; covered: Slot[]; started: Slot[]; left: Slot | undefined };

/** How many slots are recorded at one look: the rest waits for the next. */
const mostAtOnce = 500;

const draftOf = (job: Job, slot: Slot, outcome: Outcome | null, now: Date): Run => ({
  id: runId({ job: job.name, slot }),
  slot,
  job,
  origin: 'watchman',
  startedAt: now.toJSON(),
  outcome,
  version: 1,
});

/** Records a slot with its outcome, unless it has a run by now. Says whether it did. */
const recorded = async (job: Job, slot: Slot, outcome: Outcome, deps: DispatchDeps): Promise<boolean> => {
  const run = draftOf(job, slot, outcome, deps.now());
  try {
    await deps.stores.runs.put(run);
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.name === 'RunConflict') return false;
    throw thrown;
  }
  deps.recorded(run);
  return true;
};

/** What is to be done with a slot that nobody delivered. */
type Verdict = 'refused' | 'missed' | 'runnable';

const verdict = (job: Job, { slot, by }: Due, state: JobState, promised: Set<string>, now: Date): Verdict => {
  if (refusal(draftOf(job, slot, null, now), state, now)) return 'refused';
  const { policy, withinSeconds } = job.catchUp;
  // Others are recorded as caught up by it.
  if (promised.has(runId({ job: job.name, slot }))) return 'runnable';
  // A slot of the watchman's own has no other to deliver it.
  if (slotAge(slot, now) > withinSeconds || (policy === 'none' && by === 'schedule')) return 'missed';
  return 'runnable';
};

const withoutUse = (now: Date) => ({ usage: noUsage, endedAt: now.toJSON() });

const missedBecause = ({ catchUp }: Job, now: Date): string => {
  const seen = `no delivery was seen by ${now.toJSON()}`;
  return catchUp.policy === 'none' ? `${seen}, and catchUp is none` : `${seen}, too late to be caught up`;
};

/** Runs that recorded slots already point to, though they have none yet: a look that died had chosen them. */
export const promisedOf = (runs: Run[]): Set<string> =>
  new Set(
    runs.flatMap(({ outcome }) =>
      outcome?.status === 'skipped' && outcome.why === 'caught-up' && outcome.by ? [outcome.by] : [],
    ),
  );

/** The slots that are to run, by the job's policy, and those that others stand for: `latest` keeps the last, or one that was promised. */
const chosen = (job: Job, runnable: Slot[], promised: Set<string>): { run: Slot[]; cover: Map<Slot, Slot> } => {
  if (job.catchUp.policy !== 'latest') return { run: runnable.slice(0, job.catchUp.atOnce), cover: new Map() };
  const isPromised = (slot: Slot) => promised.has(runId({ job: job.name, slot }));
  const target = runnable.find(isPromised) ?? runnable.at(-1);
  if (target === undefined) return { run: [], cover: new Map() };
  return { run: [target], cover: new Map(runnable.filter((slot) => slot < target).map((slot) => [slot, target])) };
};

type Plan = { job: Job; run: Slot[]; cover: Map<Slot, Slot>; known: Run[] };

/** The slots a run stands for: those that were recorded as caught up by it, those that will be, and its own. */
const standsFor = (slot: Slot, { job, cover, known }: Plan): Slot[] => {
  const id = runId({ job: job.name, slot });
  const before = known.flatMap((run) => (run.outcome?.status === 'skipped' && run.outcome.by === id ? [run.slot] : []));
  const covered = [...cover].flatMap(([of, by]) => (by === slot ? [of] : []));
  return [...new Set([...before, ...covered, slot])].sort();
};

/** Hands a slot to dispatch, with all that its run is to stand for. Says what became of it. */
const dispatched = async (slot: Slot, plan: Plan, deps: DispatchDeps): Promise<'started' | 'left' | undefined> => {
  const slots = standsFor(slot, plan).slice(-mostSlots);
  const { status } = await dispatch({ job: plan.job.name, slot, origin: 'watchman', slots }, deps);
  if (status === 'waits') return 'left';
  return status === 'started' || status === 'queued' ? 'started' : undefined;
};

/** Starts a slot that is to run, or records it by the run that stands for it. Says what became of it. */
const catchUpSlot = async (
  slot: Slot,
  plan: Plan,
  deps: DispatchDeps,
): Promise<'started' | 'covered' | 'left' | undefined> => {
  const { job, run, cover } = plan;
  const target = cover.get(slot);
  if (target !== undefined) {
    const by = runId({ job: job.name, slot: target });
    const outcome: Outcome = { status: 'skipped', why: 'caught-up', by, ...withoutUse(deps.now()) };
    return (await recorded(job, slot, outcome, deps)) ? 'covered' : undefined;
  }
  if (!run.includes(slot)) return 'left';
  return dispatched(slot, plan, deps);
};

const dealWith = async (
  { slot, verdict: found }: { slot: Slot; verdict: Verdict },
  plan: Plan,
  deps: DispatchDeps,
): Promise<'started' | 'covered' | 'missed' | 'left' | undefined> => {
  if (found === 'runnable') return catchUpSlot(slot, plan, deps);
  // Whatever refused it may be gone by now.
  if (found === 'refused') return dispatched(slot, plan, deps);
  const message = missedBecause(plan.job, deps.now());
  const outcome: Outcome = { status: 'missed', message, ...withoutUse(deps.now()) };
  return (await recorded(plan.job, slot, outcome, deps)) ? 'missed' : undefined;
};

/** Where the next look has to begin, so that it knows of every slot that the run of this one is to stand for. */
const beginningOf = (slot: Slot, plan: Plan): Slot => {
  const [first = slot] = standsFor(plan.cover.get(slot) ?? slot, plan);
  return first < slot ? first : slot;
};

/**
 * Deals with the slots of a job that were due and that nobody delivered, by the job's policy. `known` are the runs recorded in that time.
 * Slots that another stands for are recorded before that one starts, so that whoever dies in between leaves it promised.
 */
export const catchUp = async (job: Job, lost: Due[], known: Run[], deps: DispatchDeps): Promise<CaughtUp> => {
  const now = deps.now();
  const state = (await deps.stores.states.get(job.name)) ?? freshState(job.name);
  const promised = promisedOf(known);
  const judged = lost.map((due) => ({ slot: due.slot, verdict: verdict(job, due, state, promised, now) }));
  const runnable = judged.flatMap((one) => (one.verdict === 'runnable' ? [one.slot] : []));
  const plan: Plan = { job, known, ...chosen(job, runnable, promised) };
  const done: CaughtUp = { missed: [], covered: [], started: [], left: undefined };
  for (const one of judged.slice(0, mostAtOnce)) {
    const became = await dealWith(one, plan, deps);
    if (became === 'left') done.left ??= beginningOf(one.slot, plan);
    else if (became) done[became].push(one.slot);
  }
  const beyond = judged[mostAtOnce]?.slot;
  if (beyond !== undefined) done.left ??= beginningOf(beyond, plan);
  return done;
};
