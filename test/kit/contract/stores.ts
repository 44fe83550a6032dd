import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { damageContract } from './damage.ts';
import { faultsContract } from './faults.ts';
import { recordsContract } from './records.ts';
import { type EngineName, rulesContract } from './rules.ts';
import { listsContract } from './run-contract.ts';
import { sessionsContract } from './sessions.ts';
import { type Bench, type Engine, openBench } from './store-bench.ts';

/** What every engine under the stores must keep, and `more`. `make` gives one whose table, that of infra/table.yml, is empty. */
export const storesContract = (
  name: string,
  make: () => Promise<Engine>,
  more: (bench: () => Bench) => void = () => undefined,
) => {
  describe(`the stores on ${name}`, () => {
    let opened: Bench | undefined;
    const bench = (): Bench => {
      if (!opened) throw new Error('the engine is not open');
      return opened;
    };
    beforeAll(async () => {
      opened = await openBench(await make());
    });
    afterAll(() => opened?.close());

    describe('sessions:', () => sessionsContract(bench));
    describe('runs, attempts, effects, job states and checkpoints:', () => recordsContract(bench));
    describe('lists of runs', () => listsContract(bench));
    describe('an engine that fails:', () => faultsContract(bench));
    describe('damaged items:', () => damageContract(bench));
    more(bench);

    test('write only with PutItem and always with a condition', () => {
      const { sent } = bench().tap;
      const actions = new Set(sent.map(({ action }) => action));
      expect(actions).toEqual(new Set(['GetItem', 'PutItem', 'Query']));
      const puts = sent.filter(({ action }) => action === 'PutItem');
      expect(puts.length).toBeGreaterThan(1000);
      expect(puts.filter(({ input }) => !input.ConditionExpression)).toEqual([]);
    });

    test('read consistently, except from the index of days', () => {
      const reads = bench().tap.sent.filter(({ action, input }) => action !== 'PutItem' && !('IndexName' in input));
      expect(reads.length).toBeGreaterThan(100);
      expect(reads.filter(({ input }) => input.ConsistentRead !== true)).toEqual([]);
    });
  });
};

/** The tests of an engine used as DynamoDB: the stores' contract, and the rules of DynamoDB that it implements. */
export const engineContract = (name: EngineName, make: () => Promise<Engine>) =>
  storesContract(name, make, (bench) => describe('the rules of DynamoDB:', () => rulesContract(name, bench)));
