import type { Stores } from '../../../lib/io/store/stores.ts';
import type { JobState } from '../../../lib/policy/job-state.ts';
import { hasRun } from '../../../lib/run/outcome.ts';
import type { Run } from '../../../lib/run/run.ts';
import type { Gates } from './gates.ts';

/** A run whose lease was removed. */
type Accounted = { run: string; holds: boolean };

/** Everything that was put, in order, with the violations found so far. */
export type Seen = {
  state: JobState | undefined;
  runs: Map<string, Run>;
  /** The number of the call in which each run got its outcome. */
  endedAt: Map<string, number>;
  accounted: Accounted[];
  /** Runs that the state marked as leaving the queue without a start. */
  leaving: Set<string>;
  /** The number of removed leases of runs that were never recorded. */
  lost: number;
  broken: string[];
};

export const nothingSeen = (): Seen => ({
  state: undefined,
  runs: new Map(),
  endedAt: new Map(),
  accounted: [],
  leaving: new Set(),
  lost: 0,
  broken: [],
});

const placesOf = (state: JobState | undefined): string[] =>
  state ? [...state.open.map(({ run }) => run), ...(state.queued === null ? [] : [state.queued])] : [];

/** Notes removed leases: of recorded runs as accounted, of others as lost. */
const seeLeft = (seen: Seen, left: JobState['open']): void => {
  for (const { run, holds } of left) {
    if (seen.runs.has(run)) seen.accounted.push({ run, holds });
    else seen.lost += holds ? 1 : 0;
  }
};

const seeState = (seen: Seen, next: JobState, exclusive: boolean): void => {
  const open = next.open.map(({ run }) => run);
  const holders = next.open.filter(({ holds }) => holds).length;
  if (new Set(open).size !== open.length) seen.broken.push(`a run has two leases: ${open}`);
  if (exclusive && holders > 1) seen.broken.push(`two runs hold the job: ${open}`);
  for (const { run, skip } of next.open.filter((lease) => lease.skip && !seen.leaving.has(lease.run))) {
    seen.leaving.add(run);
    // One of two deliveries of a slot may skip it for a pause that the other has not seen.
    const outcome = skip?.by ? seen.runs.get(skip.by)?.outcome : undefined;
    if (outcome && hasRun(outcome)) seen.broken.push(`${run} leaves the queue for ${skip?.by}, which had ended`);
  }
  seeLeft(seen, seen.state?.open.filter(({ run }) => !open.includes(run)) ?? []);
  const left = placesOf(seen.state).filter((run) => !placesOf(next).includes(run));
  for (const run of left.filter((id) => seen.runs.get(id)?.outcome === null))
    seen.broken.push(`${run} is open and has lost its lease or its place in the queue`);
  seen.state = next;
};

const seeRun = (seen: Seen, run: Run, now: number): void => {
  const before = seen.runs.get(run.id);
  if (before?.outcome) seen.broken.push(`${run.id} has two outcomes`);
  if (run.outcome) seen.endedAt.set(run.id, now);
  else if (!placesOf(seen.state).includes(run.id))
    seen.broken.push(`${run.id} was recorded with neither a lease nor a place in the queue`);
  const { outcome } = run;
  if (outcome?.status === 'failed' && outcome.failure === 'Superseded') {
    const isNewer = ({ slot, suffix }: Run) => suffix === undefined && slot > run.slot;
    if (![...seen.runs.values()].some(isNewer)) seen.broken.push(`${run.id} was superseded without a newer run`);
  }
  seen.runs.set(run.id, run);
};

/** The stores of one process. Every call waits at a gate, and every put is checked. */
export const watched = (stores: Stores, actor: string, gate: Gates, seen: Seen, exclusive: boolean): Stores => {
  const call = <T>(what: string, work: () => Promise<T>): Promise<T> => gate.through(actor, what, work);
  const { runs, states, attempts, sessions, effects, checkpoints, ranges } = stores;
  return {
    runs: {
      ...runs,
      get: (id) => call(`get run ${id}`, () => runs.get(id)),
      put: (run) =>
        call(`put run ${run.id} v${run.version} ${run.outcome?.status ?? 'open'}`, async () => {
          await runs.put(run);
          seeRun(seen, run, gate.now());
        }),
    },
    states: {
      get: (job) => call('get state', () => states.get(job)),
      put: (state) =>
        call(`put state v${state.version} ${placesOf(state)} queued ${state.queued}`, async () => {
          await states.put(state);
          seeState(seen, state, exclusive);
        }),
    },
    attempts: {
      get: (run, number) => call(`get attempt ${run} ${number}`, () => attempts.get(run, number)),
      list: (run) => call(`list attempts ${run}`, () => attempts.list(run)),
      put: (attempt) =>
        call(`put attempt ${attempt.runId} ${attempt.number}${attempt.failed ? ' closed' : ''}`, () =>
          attempts.put(attempt),
        ),
    },
    sessions: {
      load: (key) => call(`load ${key}`, () => sessions.load(key)),
      append: (key, step) => call(`append ${key}`, () => sessions.append(key, step)),
    },
    effects: {
      get: (run, key) => call(`get effect ${run}`, () => effects.get(run, key)),
      seats: (run, tool) => call(`seats of ${run}`, () => effects.seats(run, tool)),
      list: (run) => call(`list effects of ${run}`, () => effects.list(run)),
      put: (effect) => call(`put effect ${effect.runId} ${effect.status}`, () => effects.put(effect)),
    },
    checkpoints,
    ranges,
  };
};
