import { describe, expect, it } from 'vitest';
import { salvagedCheckpoint } from '../../../lib/watch/salvaged-checkpoint.ts';
import { salvagedState } from '../../../lib/watch/salvaged-state.ts';
import { failureOf } from '../../kit/failure-of.ts';
import { freshStores } from '../../kit/fresh-stores.ts';
import { job } from '../../kit/job.ts';
import { checkpointOf, stateOf, today } from '../../kit/stored.ts';

const now = () => today;
const report = job();
const pk = 'job#report';

/** A job whose state and checkpoint are stored, and one of them is then damaged. */
const damaged = async (sk: 'state' | 'look', damage: Record<string, unknown>) => {
  const stores = await freshStores(now);
  await stores.states.put(stateOf('report', 1, { streak: 4 }));
  await stores.checkpoints.put(checkpointOf('report'));
  const item = { ...(await stores.item({ pk, sk })), ...damage };
  await stores.plant(item);
  return { stores, item };
};

const cases: [string, Record<string, unknown>][] = [
  ['data that is not JSON', { data: '{"half":' }],
  ['data of something else', { data: '{"hello":1}' }],
  ['data that is null', { data: 'null' }],
  ['data of another type', { data: 7 }],
  ['a version of another type', { version: 'one' }],
  ['the data of another job', { data: '{"job":"other"}' }],
];

describe('a damaged item', () => {
  it.each(cases)('of %s is found, kept, and replaced by one that can be read and written', async (_, damage) => {
    for (const sk of ['state', 'look'] as const) {
      const { stores, item } = await damaged(sk, damage);
      const [found, ...more] = await stores.damages.ofJob('report');
      expect(more).toEqual([]);
      if (!found) throw new Error('nothing was found');
      expect(found).toMatchObject({ item: sk, problem: expect.stringContaining(`${pk} ${sk}`) });
      const facts = { runs: [], now: today, version: found.version };
      const value =
        sk === 'state'
          ? salvagedState(found.data, { job: 'report', ...facts })
          : salvagedCheckpoint(found.data, { job: report, ...facts });
      const kept = await stores.damages.replace(found, value);
      expect(JSON.parse(String((await stores.item({ pk, sk: kept.slice(pk.length + 1) }))?.data))).toEqual(item);
      expect(await stores.damages.ofJob('report')).toEqual([]);
      const state = await stores.states.get('report');
      const look = await stores.checkpoints.get('report');
      await stores.states.put({ ...stateOf('report'), ...state, version: (state?.version ?? 0) + 1 });
      await stores.checkpoints.put({ ...checkpointOf('report'), ...look, version: (look?.version ?? 0) + 1 });
    }
  });

  it('is not replaced where another process changed it since it was read', async () => {
    const { stores, item } = await damaged('state', { data: '{' });
    const [found] = await stores.damages.ofJob('report');
    if (!found) throw new Error('nothing was found');
    await stores.plant({ ...item, data: '{"other":1}' });
    const made = salvagedState(found.data, { job: 'report', runs: [], now: today, version: found.version });
    expect(await failureOf(stores.damages.replace(found, made))).toMatchObject({ name: 'JobConflict' });
    expect((await stores.item({ pk, sk: 'state' }))?.data).toBe('{"other":1}');
  });

  it('is none where everything can be read, or nothing was written', async () => {
    const stores = await freshStores(now);
    expect(await stores.damages.ofJob('report')).toEqual([]);
    await stores.states.put(stateOf('report'));
    await stores.checkpoints.put(checkpointOf('report'));
    expect(await stores.damages.ofJob('report')).toEqual([]);
  });
});
