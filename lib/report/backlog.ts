import type { Run } from '../run/run.ts';
import type { Due } from '../schedule/calendar.ts';
import type { Slot } from '../schedule/slot.ts';

/** What a backfill has to do with the slots of a range. */
export type Backlog = {
  /** Slots without a success, and what their next run is called. */
  todo: { slot: Slot; suffix: string }[];
  /** Runs that an earlier backfill started and that still go on. */
  going: Run[];
  /** Slots that have succeeded, that the calendar skips, and whose other runs still go on. */
  done: number;
  excluded: number;
  busy: number;
};

/** The first suffix that no run of a slot has: `first`, then `word-2`, `word-3`, … */
export const freeSuffix = (word: string, first: string, runs: Run[]): string => {
  const taken = new Set(runs.map(({ suffix }) => suffix));
  for (let number = 1; ; number++) {
    const suffix = number === 1 ? first : `${word}-${number}`;
    if (!taken.has(suffix)) return suffix;
  }
};

const word = 'backfill';
const isBackfill = ({ suffix = '' }: Run): boolean => suffix.startsWith(word);
/** What a person tried for a slot under another name may have been another model, or another prompt. */
const counts = (run: Run): boolean => run.suffix === undefined || isBackfill(run) || run.suffix.startsWith('retry-');

/** The slots that some run stands for with its success. */
const covered = (runs: Run[]): Set<Slot> =>
  new Set(
    runs.flatMap((run) => (counts(run) && run.outcome?.status === 'succeeded' ? [...(run.slots ?? []), run.slot] : [])),
  );

/** The runs that slots of these gave way to, when they were caught up. */
export const standIns = (runs: Run[]): string[] => {
  const known = new Set(runs.map(({ id }) => id));
  const named = runs.flatMap(({ outcome }) =>
    outcome?.status === 'skipped' && outcome.why === 'caught-up' && outcome.by ? [outcome.by] : [],
  );
  return [...new Set(named)].filter((id) => !known.has(id));
};

/** What is left to do for these slots, by all the runs known of them. A run that failed is tried again, under another name. */
export const backlog = (due: Due[], runs: Run[]): Backlog => {
  const bySlot = Map.groupBy(runs, ({ slot }) => slot);
  const succeeded = covered(runs);
  const left: Backlog = { todo: [], going: [], done: 0, excluded: 0, busy: 0 };
  for (const { slot, skip } of due) {
    const own = bySlot.get(slot) ?? [];
    const open = own.filter((run) => counts(run) && !run.outcome);
    const going = open.filter(isBackfill);
    if (succeeded.has(slot)) left.done += 1;
    else if (skip) left.excluded += 1;
    else if (going.length > 0) left.going.push(...going);
    else if (open.length > 0) left.busy += 1;
    else left.todo.push({ slot, suffix: freeSuffix(word, word, own) });
  }
  return left;
};
