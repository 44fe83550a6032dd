import type { JobState } from '../../../../lib/policy/job-state.ts';
import type { Run } from '../../../../lib/run/run.ts';
import { blank, type Facts, isRun, type Wrote } from '../schedule-facts.ts';
import type { Command } from '../simulated-sdk.ts';
import { hasLost } from './run-end.ts';

type Read = { state: JobState; at: number; order: number };
type Skipped = Extract<NonNullable<Run['outcome']>, { status: 'skipped' }>;

/** The job's state that the writer read last before its write. */
const readBefore = ({ actor, order }: Pick<Wrote, 'actor' | 'order'>, { of }: Facts): Read | undefined => {
  const read = of('point').findLast((point) => {
    const { action, input } = (point.input ?? {}) as Partial<Command>;
    const isState = action === 'GetItem' && (input?.Key as { sk?: string } | undefined)?.sk === 'state';
    return isState && point.actor === actor && point.order < order && point.fault === undefined;
  });
  if (!read) return undefined;
  const { Item: item } = read.output as { Item?: { data: string } };
  return { state: item ? JSON.parse(item.data) : blank, at: read.at, order: read.order };
};

/** The write that took a run out of the queue and marked it as skipped. */
const decidedBy = (id: string, { states }: Facts) =>
  states.find(({ is }) => is.open.some(({ run, skip }) => run === id && skip));

const untrue: Record<Skipped['why'], (run: Run, read: Read, facts: Facts) => string | undefined> = {
  disabled: ({ job }) => (job.enabled ? 'it is enabled' : undefined),
  late: (_, __, { decisions }) => (decisions.includes('late') ? undefined : 'no delivery was late'),
  overlap: ({ outcome, slot, id, job }, { state, order }, { runs, outcomeAt }) => {
    const by = (outcome as Skipped).by;
    if (outcomeAt(by ?? '', order)) return `${by} had ended`;
    const isThere = state.queued === by || state.open.some(({ run }) => run === by);
    const newer = job.overlap === 'cancel-previous' && runs.some((run) => run.id === by && run.slot > slot);
    return (isThere || newer) && by !== id ? undefined : `${by} did not hold the job`;
  },
  paused: (_, { state }) => (state.pauses.length > 0 ? undefined : 'the job was not paused'),
  breaker: (_, { state: { breaker }, at }) =>
    breaker && (breaker.probe !== null || at < Date.parse(breaker.until)) ? undefined : 'the breaker admits it',
  budget: (_, { state }, { play }) => {
    const { perDay } = (play.job.limits ?? {}) as { perDay?: { runs?: number; usd?: number } };
    const { runs, usd } = state.spent.day;
    return runs >= (perDay?.runs ?? Number.POSITIVE_INFINITY) || usd >= (perDay?.usd ?? Number.POSITIVE_INFINITY)
      ? undefined
      : `the day has had ${runs} runs and cost ${usd}`;
  },
  'caught-up': ({ outcome, slot }, _, { runs, decisions, play }) => {
    const by = runs.find(({ id }) => id === (outcome as Skipped).by);
    if (!by || by.slot <= slot) return 'no later run covers it';
    // Only the watchman gives a run the slots that it covers; a very late delivery does not.
    if (by.origin === 'watchman' && !by.slots?.includes(slot)) return 'the run that covers it does not list its slot';
    return decisions.length > 0 || hasLost(play) ? undefined : 'no fault made a delivery late';
  },
  excluded: () => 'its calendar excludes nothing',
  fold: () => 'its clock has no fold',
};

const withinMs = 86_400_000;

/** A slot is skipped only for a reason that held in the state that the writer had read, and missed only when it is too old. */
export const reasons = (facts: Facts): string[] =>
  facts.wrote.filter(isRun).flatMap((write) => {
    const run: Run = JSON.parse(String(write.item.data));
    const { id, slot, outcome } = run;
    if (outcome?.status === 'missed')
      return write.at - Date.parse(slot) > withinMs ? [] : [`${id} is missed although it could have been caught up`];
    if (outcome?.status !== 'skipped') return [];
    const read = readBefore(decidedBy(id, facts) ?? write, facts);
    const why = read ? untrue[outcome.why](run, read, facts) : 'the writer had not read the state';
    return why ? [`${write.actor} skipped ${id} for ${outcome.why}, but ${why}`] : [];
  });
