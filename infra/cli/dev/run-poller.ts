import type { Stores } from '../../../lib/io/store/stores.ts';
import type { Attempt } from '../../../lib/run/attempt.ts';
import { costOf, hasRun, type Outcome } from '../../../lib/run/outcome.ts';
import type { Run } from '../../../lib/run/run.ts';
import type { RunEvent } from '../contract/dev-event.ts';

type PolledStores = Pick<Stores, 'runs' | 'attempts' | 'states'>;

export type RunPoller = {
  /** Reports new runs among the newest of each job, `limit` of them at most: queued, started, failed attempts, ended. */
  scan(jobs: string[], stores: PolledStores, look: { limit: number }): Promise<RunEvent[]>;
  /** Reports what has changed in the runs that were open at the last poll. */
  follow(stores: PolledStores): Promise<RunEvent[]>;
  /** The ids of the open runs. */
  open(): string[];
};

/** Up to so many slots that did not run for the same reason are reported one by one, more of them together. */
const mostSeparate = 3;

const started = (run: Run, goesOn: boolean): RunEvent => ({
  event: 'started',
  job: run.job.name,
  slot: run.slot,
  run: run.id,
  origin: run.origin ?? (run.suffix === undefined ? 'schedule' : 'person'),
  slotCount: run.slots?.length ?? 1,
  goesOn,
});

const failed = (run: Run, { number, failed: how }: Attempt): RunEvent[] =>
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

const ended = (run: Run, outcome: Outcome): Extract<RunEvent, { event: 'ended' }> => ({
  event: 'ended',
  job: run.job.name,
  slot: run.slot,
  run: run.id,
  status: outcome.status,
  failure: outcome.status === 'failed' ? outcome.failure : null,
  why: outcome.status === 'skipped' ? outcome.why : null,
  message: 'message' in outcome ? (outcome.message ?? null) : null,
  standIn: outcome.status === 'skipped' ? (outcome.by ?? null) : null,
  attempts: hasRun(outcome) ? outcome.attempts : null,
  durationMs: Date.parse(outcome.endedAt) - Date.parse(run.startedAt),
  usd: costOf(outcome),
});

/** Combines many slots of one job that did not run for the same reason into one sighting. */
const combined = (sightings: RunEvent[]): RunEvent[] => {
  const reasonOf = (one: RunEvent): string | undefined =>
    one.event === 'ended' && one.attempts === null ? JSON.stringify([one.job, one.status, one.why]) : undefined;
  const groups = Map.groupBy(sightings, reasonOf);
  const many = (reason: string | undefined) => reason !== undefined && (groups.get(reason)?.length ?? 0) > mostSeparate;
  const reported = new Set<string>();
  return sightings.flatMap((one): RunEvent[] => {
    const reason = reasonOf(one);
    if (one.event !== 'ended' || reason === undefined || !many(reason)) return [one];
    if (reported.has(reason)) return [];
    reported.add(reason);
    const slots = (groups.get(reason) ?? []).flatMap((other) => ('slot' in other ? other.slot : [])).sort();
    const [first = one.slot] = slots;
    const { job, status, failure, why } = one;
    return [{ event: 'unrun', job, status, failure, why, slotCount: slots.length, first, last: slots.at(-1) ?? first }];
  });
};

/** Polls for runs that start, fail and end from an instant on. It leaves out runs that had ended by then. Reads only. */
export const runPoller = (from: Date): RunPoller => {
  const since = from.toJSON();
  const seenRuns = new Set<string>();
  /** The open runs, each with the number of failed attempts reported so far. */
  const open = new Map<string, number>();
  const queued = new Set<string>();

  const isQueued = async ({ id, job }: Run, { states }: PolledStores): Promise<boolean> =>
    (await states.get(job.name))?.queued === id;
  const progress = async (run: Run, stores: PolledStores): Promise<RunEvent[]> => {
    if (queued.has(run.id) && !run.outcome && (await isQueued(run, stores))) return [];
    const leftQueue = queued.delete(run.id) && !(run.outcome && !hasRun(run.outcome));
    const reportedFailures = open.get(run.id) ?? 0;
    const failures = (await stores.attempts.list(run.id))
      .flatMap((attempt) => failed(run, attempt))
      .slice(reportedFailures);
    if (run.outcome) open.delete(run.id);
    else open.set(run.id, reportedFailures + failures.length);
    return [
      ...(leftQueue ? [started(run, false)] : []),
      ...failures,
      ...(run.outcome ? [ended(run, run.outcome)] : []),
    ];
  };
  const first = async (run: Run, stores: PolledStores): Promise<RunEvent[]> => {
    seenRuns.add(run.id);
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
      const sightings: RunEvent[] = [];
      for (const job of names) {
        const found = await stores.runs.byJob(job, { limit });
        for (const run of found.filter(({ id }) => !seenRuns.has(id)).reverse())
          sightings.push(...(await first(run, stores)));
      }
      return combined(sightings);
    },
    async follow(stores) {
      const sightings: RunEvent[] = [];
      for (const id of open.keys()) {
        const run = await stores.runs.get(id);
        if (run) sightings.push(...(await progress(run, stores)));
      }
      return sightings;
    },
    open: () => [...open.keys()],
  };
};
