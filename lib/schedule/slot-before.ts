import { type Due, slotsAfter } from './calendar.ts';
import type { Schedule } from './schedule.ts';

const longestMs = 3660 * 24 * 3_600_000;

/**
 * The last slot before an instant (milliseconds) that the calendar does not skip, or undefined if the ten years before have none. It halves the time
 * in question, so the work does not grow with the number of slots. Throws like `slotsAfter`.
 */
export const slotBefore = (schedule: Schedule, instant: number, from: { anchor: Date }): Due | undefined => {
  const firstIn = (after: number, before: number): Due | undefined => {
    for (const due of slotsAfter(schedule, new Date(after), from)) {
      if (Date.parse(due.slot) >= before) return undefined;
      if (due.skip === undefined) return due;
    }
    return undefined;
  };
  let [low, high] = [instant - longestMs, instant];
  let last = firstIn(low, high);
  while (last && high - low > 1000) {
    const middle = Math.floor((low + high) / 2);
    const found = firstIn(middle - 1, high);
    if (found) {
      last = found;
      low = Date.parse(found.slot);
    } else high = middle;
  }
  return last;
};
