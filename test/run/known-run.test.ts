import { describe, expect, test } from 'vitest';
import { Failure } from '../../lib/failure.ts';
import { knownRun } from '../../lib/run/known-run.ts';
import type { Runs } from '../../lib/run/run.ts';
import { recorded, startedAt, usage } from '../kit/agent.ts';
import { memoryStores } from '../kit/memory-stores.ts';

const id = 'report_20261122T070000Z';
const failing = (failure: Error): Runs => ({ ...memoryStores().runs, get: () => Promise.reject(failure) });

describe('a known run', () => {
  test('is unrecorded when the store has no item', async () => {
    expect(await knownRun(id, memoryStores().runs)).toEqual({ is: 'unrecorded' });
  });

  test('is open until its outcome is recorded, then ended', async () => {
    const stores = memoryStores();
    const run = await recorded(stores);
    expect(await knownRun(id, stores.runs)).toEqual({ is: 'open', run });
    const outcome = { status: 'succeeded' as const, attempts: 1, steps: 1, usage, endedAt: startedAt.toJSON() };
    await stores.runs.put({ ...run, outcome, version: 2 });
    expect(await knownRun(id, stores.runs)).toEqual({ is: 'ended', run: { ...run, outcome, version: 2 } });
  });

  test('is damaged when its item cannot be read, and carries the failure', async () => {
    const failure = new Failure('DamagedItem', 'slot: must be an instant');
    expect(await knownRun(id, failing(failure))).toEqual({ is: 'damaged', failure });
  });

  test('throws the failure of an unavailable store', async () => {
    const failure = new Failure('StoreUnavailable', 'throttled');
    await expect(knownRun(id, failing(failure))).rejects.toBe(failure);
  });
});
