/** The current time, and a way to be called later. */
export type Clock = {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls `act` after so many milliseconds. The result cancels that. */
  wake(afterMs: number, act: () => void): () => void;
};

export const systemClock: Clock = {
  now: Date.now,
  wake: (afterMs, act) => {
    const timer = setTimeout(act, afterMs);
    return () => clearTimeout(timer);
  },
};
