import type { Run } from '../run/run.ts';
import type { Due } from '../schedule/calendar.ts';
import type { Slot } from '../schedule/slot.ts';

/** What a backfill does with each slot of a range. */
export type Backlog = {
  /** Slots to run, with the suffix of the new run. */
  todo: { slot: Slot; suffix: string }[];
  /** Open runs of an earlier backfill. */
  going: Run[];
  /** Numbers of slots that have succeeded (`done`), that the calendar excludes, and that have another open run (`busy`). */
  done: number;
  excluded: number;
  busy: number;
};

/** The first suffix that no run in the list has: `first`, then `<word>-2`, `<word>-3`, … */
export const freeSuffix = (word: string, first: string, runs: Run[]): string => {
  const taken = new Set(runs.map(({ suffix }) => suffix));
  for (let number = 1; ; number++) {
    const suffix = number === 1 ? first : `${word}-${number}`;
    if (!taken.has(suffix)) return suffix;
  }
};

const word = 'backfill';
const isBackfill = ({ suffix = '' }: Run): boolean => suffix.startsWith(word);
/** Runs with a suffix of a person's own do not count: they may have had another prompt or model. */
const counts = (run: Run): boolean => run.suffix === undefined || isBackfill(run) || run.suffix.startsWith('retry-');

/** The slots that a successful run covers. */
const covered = (runs: Run[]): Set<Slot> =>
  new Set(
    runs.flatMap((run) => (counts(run) && run.outcome?.status === 'succeeded' ? [...(run.slots ?? []), run.slot] : [])),
  );

/** The ids of runs outside the list that caught up slots of the list. */
export const standIns = (runs: Run[]): string[] => {
  const ids = new Set(runs.map(({ id }) => id));
  const named = runs.flatMap(({ outcome }) =>
    outcome?.status === 'skipped' && outcome.why === 'caught-up' && outcome.by ? [outcome.by] : [],
  );
  return [...new Set(named)].filter((id) => !ids.has(id));
};

/** Sorts due slots by what a backfill does with them, given all their runs. A slot whose run failed runs again under a new suffix. */
export const backlog = (due: Due[], runs: Run[]): Backlog => {
  const bySlot = Map.groupBy(runs, ({ slot }) => slot);
  const succeeded = covered(runs);
  const result: Backlog = { todo: [], going: [], done: 0, excluded: 0, busy: 0 };
  for (const { slot, skip } of due) {
    const own = bySlot.get(slot) ?? [];
    const open = own.filter((run) => counts(run) && !run.outcome);
    const going = open.filter(isBackfill);
    if (succeeded.has(slot)) result.done += 1;
    else if (skip) result.excluded += 1;
    else if (going.length > 0) result.going.push(...going);
    else if (open.length > 0) result.busy += 1;
    else result.todo.push({ slot, suffix: freeSuffix(word, word, own) });
  }
  return result;
};
