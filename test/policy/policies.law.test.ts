import { describe, expect, test } from 'vitest';
import { freshStores } from '../kit/fresh-stores.ts';
import { memoryStores } from '../kit/memory-stores.ts';
import { overlaps, play } from '../suite/orders/play-orders.ts';

/** The number of orders that are played, one a seed. `npm run orders` plays a thousand. */
const seeds = 6;

describe.each(overlaps)('with overlap %s, deliveries, ends, pauses and crashes in any order', (overlap) => {
  test('keep every invariant', async () => {
    const time = { now: new Date() };
    for (let seed = 1; seed <= seeds; seed++) {
      const { broken, trace } = await play(seed, overlap, memoryStores(), time);
      if (broken.length > 0) expect.fail([`seed ${seed}`, ...broken, ...trace].join('\n'));
    }
  });

  test('have the same results on a real engine, call by call', async () => {
    const time = { now: new Date() };
    const stores = await freshStores(() => time.now);
    const { broken, trace } = await play(1, overlap, stores, time);
    expect(broken).toEqual([]);
    expect(trace).toEqual((await play(1, overlap, memoryStores(), time)).trace);
  });
});
