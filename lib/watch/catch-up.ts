import { Failure } from '../failure.ts';
import type { Job } from '../job/job.ts';
import { type DispatchDeps, dispatch, mostSlots } from '../lifecycle/dispatch.ts';
import { refusal } from '../policy/admission.ts';
import { freshState, type JobState } from '../policy/job-state.ts';
import type { Finding } from '../run/observer.ts';
import type { Outcome } from '../run/outcome.ts';
import { draftRun, type RunSummary, runId } from '../run/run.ts';
import type { Due } from '../schedule/calendar.ts';
import { type Slot, slotAge } from '../schedule/slot.ts';
import { noUsage } from '../usage.ts';

/** The undelivered slots of one check, by result: missed, covered, started or left. */
export type CaughtUp = Pick<Finding, 'missed' | 'covered' | 'started' | 'left'>;

/** Records a slot with its outcome, unless it has a run by now. Returns whether it did. */
const recordSlot = async (job: Job, slot: Slot, outcome: Outcome, deps: DispatchDeps): Promise<boolean> => {
  const run = draftRun(job, slot, deps.now(), outcome);
  try {
    await deps.stores.runs.put(run);
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.name === 'RunConflict') return false;
    throw thrown;
  }
  deps.observer.runRecorded(run);
  return true;
};

/** What to do with a slot that was not delivered. */
type Verdict = 'refused' | 'missed' | 'runnable';

const verdictOn = (job: Job, { slot, by }: Due, state: JobState, promised: Set<string>, now: Date): Verdict => {
  if (refusal(draftRun(job, slot, now), state, now)) return 'refused';
  const { policy, withinSeconds } = job.catchUp;
  // Recorded slots name this one as their cover.
  if (promised.has(runId({ job: job.name, slot }))) return 'runnable';
  // Only the watchman delivers slots that EventBridge cannot express.
  if (slotAge(slot, now) > withinSeconds || (policy === 'none' && by === 'schedule')) return 'missed';
  return 'runnable';
};

const endedUnused = (now: Date) => ({ usage: noUsage, endedAt: now.toJSON() });

const missedMessage = ({ catchUp }: Job, now: Date): string => {
  const seen = `no delivery was seen by ${now.toJSON()}`;
  return catchUp.policy === 'none' ? `${seen}, and catchUp is none` : `${seen}, too late to be caught up`;
};

/** The ids that recorded slots name as their cover. One without a run was chosen by a check that died before it started the run. */
export const promisedOf = (runs: RunSummary[]): Set<string> =>
  new Set(
    runs.flatMap(({ outcome }) =>
      outcome?.status === 'skipped' && outcome.why === 'caught-up' && outcome.by ? [outcome.by] : [],
    ),
  );

/** Which slots run, by the job's policy, and which slot covers each other one. `latest` runs the promised slot, or else the last. */
const chooseSlots = (job: Job, runnable: Slot[], promised: Set<string>): { run: Slot[]; cover: Map<Slot, Slot> } => {
  if (job.catchUp.policy !== 'latest') return { run: runnable.slice(0, job.catchUp.atOnce), cover: new Map() };
  const isPromised = (slot: Slot) => promised.has(runId({ job: job.name, slot }));
  const target = runnable.find(isPromised) ?? runnable.at(-1);
  if (target === undefined) return { run: [], cover: new Map() };
  return { run: [target], cover: new Map(runnable.filter((slot) => slot < target).map((slot) => [slot, target])) };
};

type Plan = { job: Job; run: Slot[]; cover: Map<Slot, Slot>; runs: RunSummary[] };

/** The slots that a slot's run covers: those recorded as caught up by it, those that will be, and its own. */
const coveredBy = (slot: Slot, { job, cover, runs }: Plan): Slot[] => {
  const id = runId({ job: job.name, slot });
  const before = runs.flatMap((run) => (run.outcome?.status === 'skipped' && run.outcome.by === id ? [run.slot] : []));
  const covered = [...cover].flatMap(([of, by]) => (by === slot ? [of] : []));
  return [...new Set([...before, ...covered, slot])].sort();
};

/** Dispatches a slot, with every slot that its run covers. */
const dispatchSlot = async (slot: Slot, plan: Plan, deps: DispatchDeps): Promise<'started' | 'left' | undefined> => {
  const slots = coveredBy(slot, plan).slice(-mostSlots);
  const { status } = await dispatch({ job: plan.job.name, slot, origin: 'watchman', slots }, deps);
  if (status === 'waits') return 'left';
  return status === 'started' || status === 'queued' ? 'started' : undefined;
};

/** Dispatches a slot that runs, or records a covered one as caught up. */
const catchUpSlot = async (
  slot: Slot,
  plan: Plan,
  deps: DispatchDeps,
): Promise<'started' | 'covered' | 'left' | undefined> => {
  const { job, run, cover } = plan;
  const target = cover.get(slot);
  if (target !== undefined) {
    const by = runId({ job: job.name, slot: target });
    const outcome: Outcome = { status: 'skipped', why: 'caught-up', by, ...endedUnused(deps.now()) };
    return (await recordSlot(job, slot, outcome, deps)) ? 'covered' : undefined;
  }
  if (!run.includes(slot)) return 'left';
  return dispatchSlot(slot, plan, deps);
};

const carryOut = async (
  { slot, verdict }: { slot: Slot; verdict: Verdict },
  plan: Plan,
  deps: DispatchDeps,
): Promise<'started' | 'covered' | 'missed' | 'left' | undefined> => {
  if (verdict === 'runnable') return catchUpSlot(slot, plan, deps);
  // Dispatch decides again: a pause or an open breaker may have ended meanwhile.
  if (verdict === 'refused') return dispatchSlot(slot, plan, deps);
  const message = missedMessage(plan.job, deps.now());
  const outcome: Outcome = { status: 'missed', message, ...endedUnused(deps.now()) };
  return (await recordSlot(plan.job, slot, outcome, deps)) ? 'missed' : undefined;
};

/** Where the next check begins for this slot: at the first slot that its run covers. */
const firstCovered = (slot: Slot, plan: Plan): Slot => {
  const [first = slot] = coveredBy(plan.cover.get(slot) ?? slot, plan);
  return first < slot ? first : slot;
};

/**
 * Catches up a job's due slots that were not delivered, by the job's policy. `runs` are those recorded since the first of them. Covered slots
 * are recorded before their cover starts: a later check sees from them which run was promised.
 */
export const catchUp = async (
  job: Job,
  undelivered: Due[],
  runs: RunSummary[],
  deps: DispatchDeps,
): Promise<CaughtUp> => {
  const now = deps.now();
  const state = (await deps.stores.states.get(job.name)) ?? freshState(job.name);
  const promised = promisedOf(runs);
  const judged = undelivered.map((due) => ({ slot: due.slot, verdict: verdictOn(job, due, state, promised, now) }));
  const runnable = judged.flatMap(({ slot, verdict }) => (verdict === 'runnable' ? [slot] : []));
  const plan: Plan = { job, runs, ...chooseSlots(job, runnable, promised) };
  const caughtUp: CaughtUp = { missed: [], covered: [], started: [], left: undefined };
  for (const one of judged) {
    const became = await carryOut(one, plan, deps);
    if (became === 'left') caughtUp.left ??= firstCovered(one.slot, plan);
    else if (became) caughtUp[became].push(one.slot);
  }
  return caughtUp;
};
