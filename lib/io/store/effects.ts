import { Failure } from '../../failure.ts';
import { Effect, type EffectRecord, type Effects, effectId, reasonIn } from '../../run/effect.ts';
import { itemValue, type Key, type RawItem, type Table } from './table.ts';

const pkOf = (runId: string): string => `run#${runId}`;
const keyOf = (effect: Pick<Effect, 'runId' | 'key' | 'tool' | 'seat'>): Key => ({
  pk: pkOf(effect.runId),
  sk: `effect#${effectId(effect)}`,
});

/** How many effects one request of a list reads: their outputs are dropped before the next request. */
const pageItems = 20;

/** An effect as a list shows it, with the calls that had its seat before. */
const recordsOf = ({ key, tool, attempt, status, place, step, output, before = [] }: Effect): EffectRecord[] => [
  { key, tool, attempt, status, place, step, reason: status === 'done' ? null : reasonIn(output) },
  ...before.map(({ output: reason, ...unseated }) => ({ ...unseated, tool, status: 'undone' as const, reason })),
];

/** One record a call: of a call that was refused first and then took a seat, the latter. */
const unique = (records: EffectRecord[]): EffectRecord[] => {
  const byKey = new Map<string, EffectRecord>();
  for (const record of records) if (record.status !== 'undone' || !byKey.has(record.key)) byKey.set(record.key, record);
  return [...byKey.values()];
};

/** Effects in the table, under their run, by `effectId`. */
export const dynamoEffects = (table: Table): Effects => {
  const readable = (item: RawItem): EffectRecord[] => {
    try {
      return recordsOf(itemValue(Effect, item, keyOf));
    } catch (thrown) {
      if (!(thrown instanceof Failure && thrown.name === 'DamagedItem')) throw thrown;
      table.damaged(thrown);
      return [{ key: String(item.sk), tool: 'damaged', attempt: 1, status: 'unknown', place: null, reason: null }];
    }
  };

  /** The query for the items of a run from one sort key to another, both inclusive. */
  const range = (runId: string, from: string, to: string) => ({
    KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
    ExpressionAttributeValues: { ':pk': pkOf(runId), ':from': from, ':to': to },
    ConsistentRead: true,
  });

  return {
    async get(runId, id) {
      const item = await table.get({ pk: pkOf(runId), sk: `effect#${id}` });
      return item && itemValue(Effect, item, keyOf);
    },

    async put(effect) {
      await table.put({ key: keyOf(effect), version: effect.version, data: effect }, 'EffectConflict');
    },

    async seats(runId, tool) {
      const items = await table.query(range(runId, `effect#${tool}.`, `effect#${tool}.~`));
      return items.map((item) => itemValue(Effect, item, keyOf));
    },

    async list(runId) {
      const found: EffectRecord[] = [];
      const query = { ...range(runId, 'effect#', 'effect#~'), Limit: pageItems };
      for await (const page of table.pages(query)) found.push(...page.flatMap(readable));
      return unique(found);
    },
  };
};
