import { Effect, type Effects } from '../effect.ts';
import { read, type Table } from './table.ts';

const keyOf = (runId: string, key: string) => ({ pk: `run#${runId}`, sk: `effect#${key}` });

/** Effects in the table: under their run, by the call's key. */
export const dynamoEffects = (table: Table): Effects => ({
  async get(runId, key) {
    const item = await table.get(keyOf(runId, key));
    return item && read(Effect, item);
  },

  async put(effect) {
    await table.put({ key: keyOf(effect.runId, effect.key), version: effect.version, data: effect }, 'EffectConflict');
  },
});
