import { Effect, type Effects } from '../../run/effect.ts';
import { itemValue, type Key, type Table } from './table.ts';

const keyOf = ({ runId, key }: Pick<Effect, 'runId' | 'key'>): Key => ({ pk: `run#${runId}`, sk: `effect#${key}` });

/** Effects in the table, under their run, by effect key. */
export const dynamoEffects = (table: Table): Effects => ({
  async get(runId, key) {
    const item = await table.get(keyOf({ runId, key }));
    return item && itemValue(Effect, item, keyOf);
  },

  async put(effect) {
    await table.put({ key: keyOf(effect), version: effect.version, data: effect }, 'EffectConflict');
  },
});
