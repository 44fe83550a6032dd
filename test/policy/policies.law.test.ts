import { describe, expect, test } from 'vitest';
import { freshStores } from '../kit/fresh-stores.ts';
import { memoryStores } from '../kit/memory-stores.ts';
import { overlaps, play } from '../suite/orders/play-orders.ts';

/** How many orders of all that may happen are played: each seed is another. `npm run orders` plays a thousand. */
const seeds = 6;

describe.each(overlaps)('deliveries, ends, pauses and crashes in any order, with overlap %s', (overlap) => {
  test('keep every promise', async () => {
    const time = { now: new Date() };
    for (let seed = 1; seed <= seeds; seed++) {
      const { broken, trace } = await play(seed, overlap, memoryStores(), time);
      if (broken.length > 0) expect.fail([`seed ${seed}`, ...broken, ...trace].join('\n'));
    }
  });

  test('go the same on a real engine, call by call', async () => {
    const time = { now: new Date() };
    const stores = await freshStores(() => time.now);
    const { broken, trace } = await play(1, overlap, stores, time);
    expect(broken).toEqual([]);
    expect(trace).toEqual((await play(1, overlap, memoryStores(), time)).trace);
  });
});
