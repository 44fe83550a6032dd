const mostTries = 3;

/**
 * Does something again, up to 3 times in all, while it is in doubt whether it was done. It is for places that take a repeat under the same key for the
 * same request. `isDoubtful` judges what `once` returned or threw.
 */
export const repeated = async <T>(
  once: () => Promise<T>,
  isDoubtful: (end: { value: T } | { thrown: unknown }) => boolean,
  signal: AbortSignal,
): Promise<T> => {
  for (let tries = 1; ; tries += 1) {
    const isLast = tries === mostTries || signal.aborted;
    try {
      const value = await once();
      if (isLast || !isDoubtful({ value })) return value;
    } catch (thrown) {
      if (isLast || signal.aborted || !isDoubtful({ thrown })) throw thrown;
    }
  }
};
