/** The time of day and a way to be woken later. */
export type Clock = {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls `act` after so many milliseconds, unless the answer was called before. */
  wake(afterMs: number, act: () => void): () => void;
};

export const systemClock: Clock = {
  now: Date.now,
  wake: (afterMs, act) => {
    const timer = setTimeout(act, afterMs);
    return () => clearTimeout(timer);
  },
};
