import fc from 'fast-check';
import { overlaps, play } from '../../interleave/play.ts';
import { memoryStores } from '../../kit/memory.ts';
import { boundary, broken } from '../boundary.ts';

/** All that may happen to the runs of one job, in an order that the seed chooses. */
export const policies = async () =>
  boundary({
    cases: fc.record({ seed: fc.nat(), overlap: fc.constantFrom(...overlaps) }),
    judge: async ({ seed, overlap }) => {
      const time = { now: new Date() };
      const played = await play(seed, overlap, memoryStores(), time);
      return played.broken.length === 0
        ? 'accepted'
        : broken('a promise is broken', [...played.broken, ...played.said]);
    },
  });
