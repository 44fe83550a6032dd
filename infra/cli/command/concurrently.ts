/** Does the tasks in their order, at most so many at a time. Once one throws no other begins; it is thrown when those at work are done. */
export const concurrently = async <T>(tasks: T[], most: number, work: (task: T) => Promise<void>): Promise<void> => {
  const waiting = [...tasks];
  const one = async () => {
    try {
      for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) await work(task);
    } catch (thrown) {
      waiting.length = 0;
      throw thrown;
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: most }, one));
  const broken = ends.find((end) => end.status === 'rejected');
  if (broken) throw broken.reason;
};
