import type { Job } from '../job/job.ts';
import type { Due } from '../schedule/calendar.ts';
import { type Slot, slotAt } from '../schedule/slot.ts';
import { dueIn, type Segment } from './expected-slots.ts';

/** How many slots one check judges one by one. */
export const mostJudged = 500;

/**
 * What one check does about the due slots of a job: it judges those of `due`, closes together the older ones of `closed`, and leaves those from
 * `beyond` on to the next check.
 */
export type LookWindow = {
  due: Due[];
  closed: { from: Slot; to: Slot } | undefined;
  beyond: Slot | undefined;
};

/** The earliest instant after which at most `mostJudged` slots are due, found by halves, in whole seconds. */
const newestFrom = (segments: Segment[], after: Date, to: Date): Date => {
  let [low, high] = [Math.floor(after.getTime() / 1000), Math.floor(to.getTime() / 1000)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const due = dueIn(segments, { after: new Date(middle * 1000), to, most: mostJudged + 1 });
    if (due.length > mostJudged) low = middle;
    else high = middle;
  }
  return new Date(high * 1000);
};

/**
 * Which of the slots after `after` and up to `to` a check judges, however long nobody checked. Up to `mostJudged` slots: all. Of more, a job with
 * `catchUp: all` has its oldest judged that are not too old to run, and any other job its newest. The slots before them are closed together.
 */
export const lookWindow = (
  { catchUp }: Pick<Job, 'catchUp'>,
  segments: Segment[],
  { after, to, now }: { after: Date; to: Date; now: Date },
): LookWindow => {
  const first = (from: Date, until: Date) => dueIn(segments, { after: from, to: until, most: mostJudged + 1 });
  const all = first(after, to);
  const [oldest] = all;
  if (oldest === undefined || all.length <= mostJudged) return { due: all, closed: undefined, beyond: undefined };
  const close = (until: Date) => ({ from: oldest.slot, to: slotAt(until) });
  if (catchUp.policy !== 'all') {
    const from = newestFrom(segments, after, to);
    return { due: first(from, to), closed: close(from), beyond: undefined };
  }
  const tooOld = new Date(now.getTime() - (catchUp.withinSeconds + 1) * 1000);
  const isClosed = tooOld > after && first(after, tooOld).length > mostJudged;
  const due = isClosed ? first(tooOld, to) : all;
  return {
    due: due.slice(0, mostJudged),
    closed: isClosed ? close(tooOld) : undefined,
    beyond: due[mostJudged]?.slot,
  };
};
