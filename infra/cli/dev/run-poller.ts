import type { Stores } from '../../../lib/io/store/stores.ts';
import type { Attempt } from '../../../lib/run/attempt.ts';
import { hasRun, type Outcome } from '../../../lib/run/outcome.ts';
import type { Run } from '../../../lib/run/run.ts';
import type { Slot } from '../../../lib/schedule/slot.ts';

/** What was seen of runs. Instants are in UTC. */
export type Sighting =
  | { event: 'queued'; job: string; slot: Slot; run: string }
  | { event: 'started'; job: string; slot: Slot; run: string; origin: string; slots: number; goesOn: boolean }
  | {
      event: 'attempt-failed';
      job: string;
      slot: Slot;
      run: string;
      attempt: number;
      failure: string;
      message: string;
      delaySeconds: number | null;
    }
  | {
      event: 'ended';
      job: string;
      slot: Slot;
      run: string;
      status: Outcome['status'];
      why: string | null;
      message: string | null;
      by: string | null;
      attempts: number | null;
      durationMs: number;
      usd: number | null;
    }
  | {
      event: 'unrun';
      job: string;
      status: Outcome['status'];
      why: string | null;
      count: number;
      first: Slot;
      last: Slot;
    };

type Watched = Pick<Stores, 'runs' | 'attempts' | 'states'>;

export type RunPoller = {
  /** Looks for runs of these jobs that it has not seen, among the newest so many of each: their waiting, beginning, failed attempts and end. */
  scan(jobs: string[], stores: Watched, look: { limit: number }): Promise<Sighting[]>;
  /** Looks at the runs that were open when it last looked. */
  follow(stores: Watched): Promise<Sighting[]>;
  /** The runs that are open. */
  open(): string[];
};

/** So many slots in a row that were not run, for one reason, are told one by one; more of them in one line. */
const mostSingly = 3;

const started = (run: Run, goesOn: boolean): Sighting => ({
  event: 'started',
  job: run.job.name,
  slot: run.slot,
  run: run.id,
  origin: run.origin ?? (run.suffix === undefined ? 'schedule' : 'person'),
  slots: run.slots?.length ?? 1,
  goesOn,
});

const failed = (run: Run, { number, failed: how }: Attempt): Sighting[] =>
  how === null
    ? []
    : [
        {
          event: 'attempt-failed',
          job: run.job.name,
          slot: run.slot,
          run: run.id,
          attempt: number,
          failure: how.failure,
          message: how.message,
          delaySeconds: how.decision.status === 'retry' ? how.decision.delaySeconds : null,
        },
      ];

const whyOf = (outcome: Outcome): string | null => {
  if (outcome.status === 'failed') return outcome.failure;
  return outcome.status === 'skipped' ? outcome.why : null;
};

const ended = (run: Run, outcome: Outcome): Extract<Sighting, { event: 'ended' }> => ({
  event: 'ended',
  job: run.job.name,
  slot: run.slot,
  run: run.id,
  status: outcome.status,
  why: whyOf(outcome),
  message: 'message' in outcome ? (outcome.message ?? null) : null,
  by: outcome.status === 'skipped' ? (outcome.by ?? null) : null,
  attempts: hasRun(outcome) ? outcome.attempts : null,
  durationMs: Date.parse(outcome.endedAt) - Date.parse(run.startedAt),
  usd: outcome.usage.usd,
});

/** Slots that were not run, of one job and for one reason, are one sighting where they are many. */
const gathered = (sightings: Sighting[]): Sighting[] => {
  const reasonOf = (one: Sighting): string | undefined =>
    one.event === 'ended' && one.attempts === null ? JSON.stringify([one.job, one.status, one.why]) : undefined;
  const groups = Map.groupBy(sightings, reasonOf);
  const many = (reason: string | undefined) => reason !== undefined && (groups.get(reason)?.length ?? 0) > mostSingly;
  const told = new Set<string>();
  return sightings.flatMap((one): Sighting[] => {
    const reason = reasonOf(one);
    if (one.event !== 'ended' || reason === undefined || !many(reason)) return [one];
    if (told.has(reason)) return [];
    told.add(reason);
    const slots = (groups.get(reason) ?? []).flatMap((other) => ('slot' in other ? other.slot : [])).sort();
    const [first = one.slot] = slots;
    const { job, status, why } = one;
    return [{ event: 'unrun', job, status, why, count: slots.length, first, last: slots.at(-1) ?? first }];
  });
};

/** Sees runs begin, fail and end, from an instant on. Runs that had ended by then are not told of; those that were open go on. Reads only. */
export const runPoller = (from: Date): RunPoller => {
  const since = from.toJSON();
  const known = new Set<string>();
  const open = new Map<string, number>();
  const queued = new Set<string>();

  const isQueued = async ({ id, job }: Run, { states }: Watched): Promise<boolean> =>
    (await states.get(job.name))?.queued === id;
  const progress = async (run: Run, stores: Watched): Promise<Sighting[]> => {
    if (queued.has(run.id) && !run.outcome && (await isQueued(run, stores))) return [];
    const leaves = queued.delete(run.id) && !(run.outcome && !hasRun(run.outcome));
    const seen = open.get(run.id) ?? 0;
    const failures = (await stores.attempts.list(run.id)).flatMap((attempt) => failed(run, attempt)).slice(seen);
    if (run.outcome) open.delete(run.id);
    else open.set(run.id, seen + failures.length);
    return [...(leaves ? [started(run, false)] : []), ...failures, ...(run.outcome ? [ended(run, run.outcome)] : [])];
  };
  const first = async (run: Run, stores: Watched): Promise<Sighting[]> => {
    known.add(run.id);
    if (run.outcome && run.outcome.endedAt < since) return [];
    if (run.outcome && !hasRun(run.outcome)) return [ended(run, run.outcome)];
    if (!run.outcome && (await isQueued(run, stores))) {
      queued.add(run.id);
      open.set(run.id, 0);
      return [{ event: 'queued', job: run.job.name, slot: run.slot, run: run.id }];
    }
    return [started(run, run.startedAt < since), ...(await progress(run, stores))];
  };

  return {
    async scan(names, stores, { limit }) {
      const sightings: Sighting[] = [];
      for (const job of names) {
        const found = await stores.runs.byJob(job, { limit });
        for (const run of found.filter(({ id }) => !known.has(id)).reverse())
          sightings.push(...(await first(run, stores)));
      }
      return gathered(sightings);
    },
    async follow(stores) {
      const sightings: Sighting[] = [];
      for (const id of open.keys()) {
        const run = await stores.runs.get(id);
        if (run) sightings.push(...(await progress(run, stores)));
      }
      return sightings;
    },
    open: () => [...open.keys()],
  };
};
