import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { overlaps, play } from './interleave/play.ts';
import { openTables } from './kit/engine.ts';

const seeds = 5;
const time = { now: new Date() };
let tables: Awaited<ReturnType<typeof openTables>>;

beforeAll(async () => {
  tables = await openTables(() => time.now);
});
afterAll(() => tables.close());

describe.each(overlaps)('deliveries, ends, pauses and crashes in any order, with overlap %s', (overlap) => {
  test.each(Array.from({ length: seeds }, (_, seed) => seed + 1))('keep every promise (seed %i)', async (seed) => {
    expect(await play(seed, overlap, tables.stores, time)).toEqual([]);
  });
});
