type Entry = { at: number; order: number; act: () => Promise<void> | void };

/** Virtual time. The clock jumps from one planned action to the next. Instants are epoch milliseconds. */
export type Agenda = {
  now(): number;
  /** Plans an action at an instant, or now if the instant has passed. */
  add(at: number, act: Entry['act']): void;
  /** Runs every action up to an instant, in order, with the actions that these add. */
  until(end: number): Promise<void>;
};

/** A binary heap, ordered by time and then by insertion. */
export const agenda = (start: number): Agenda => {
  const heap: Entry[] = [];
  let now = start;
  let added = 0;
  const earlier = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
  const swap = (i: number, j: number): void => {
    const [a, b] = [heap[i], heap[j]];
    if (a && b) [heap[i], heap[j]] = [b, a];
  };
  const lower = (i: number, j: number): boolean => {
    const [a, b] = [heap[i], heap[j]];
    return a !== undefined && b !== undefined && earlier(a, b);
  };
  const rise = (from: number): void => {
    for (let at = from; at > 0; at = (at - 1) >> 1) {
      const parent = (at - 1) >> 1;
      if (!lower(at, parent)) return;
      swap(at, parent);
    }
  };
  const sink = (): void => {
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const least = lower(right, left) ? right : left;
      if (!lower(least, at)) return;
      swap(at, least);
      at = least;
    }
  };
  const take = (): Entry | undefined => {
    const first = heap[0];
    const last = heap.pop();
    if (first && last && first !== last) {
      heap[0] = last;
      sink();
    }
    return first;
  };
  return {
    now: () => now,
    add(at, act) {
      heap.push({ at: Math.max(at, now), order: added++, act });
      rise(heap.length - 1);
    },
    async until(end) {
      while (heap[0] && heap[0].at <= end) {
        const entry = take();
        if (!entry) break;
        now = entry.at;
        await entry.act();
      }
      now = Math.max(now, end);
    },
  };
};
