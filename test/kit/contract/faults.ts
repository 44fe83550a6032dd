import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect, onTestFinished, test } from 'vitest';
import { dynamoStores } from '../../../lib/io/store/stores.ts';
import { sessionKey } from '../../../lib/run/session.ts';
import { failureOf } from '../failure-of.ts';
import { attemptOf, effectOf, freshJob, freshRun, runOf, stepOf, today } from '../stored.ts';
import { unexpected } from '../unexpected.ts';
import type { Bench } from './store-bench.ts';
import { type Fault, type Tap, throttled } from './tap.ts';

/** Temporary and authorization errors of DynamoDB, from its API reference. */
const passing: Exclude<Fault, string>[] = [
  { status: 400, error: 'ProvisionedThroughputExceededException' },
  { status: 400, error: 'RequestLimitExceeded' },
  { status: 500, error: 'InternalServerError' },
  { status: 503, error: 'ServiceUnavailable' },
];
const denied = ['AccessDeniedException', 'UnrecognizedClientException', 'ExpiredTokenException'];

/** The contract of the stores for a failing engine. */
export const faultsContract = (bench: () => Bench) => {
  const faulty = (fault: Tap['fault']) => {
    const { tap } = bench();
    tap.fault = fault;
    onTestFinished(() => {
      tap.fault = () => undefined;
    });
    const before = tap.sent.length;
    return () => tap.sent.slice(before).map(({ action }) => action);
  };
  const losesFirst: Tap['fault'] = ({ action }, before) => (action === 'PutItem' && before === 0 ? 'lost' : undefined);

  test('a step that was stored is committed when its response was lost and the request was retried', async () => {
    const { sessions } = bench().stores;
    const key = sessionKey(freshRun(), 1);
    const actions = faulty(losesFirst);
    await sessions.append(key, stepOf(1, 'once'));
    expect(actions()).toEqual(['PutItem', 'PutItem', 'GetItem']);
    expect(await sessions.load(key)).toEqual([stepOf(1, 'once')]);
  });

  test('a later version is stored when its response was lost and the request was retried', async () => {
    const { attempts } = bench().stores;
    const id = freshRun();
    await attempts.put(attemptOf(id, 1));
    const actions = faulty(losesFirst);
    await attempts.put(attemptOf(id, 1, 2));
    expect(actions()).toEqual(['PutItem', 'PutItem', 'GetItem']);
    expect(await attempts.get(id, 1)).toMatchObject({ version: 2 });
  });

  test('a losing writer gets a conflict when its response was lost and both writers wrote the same step', async () => {
    const { sessions } = bench().stores;
    const key = sessionKey(freshRun(), 1);
    await sessions.append(key, stepOf(1, 'same'));
    const actions = faulty(losesFirst);
    expect(await failureOf(sessions.append(key, stepOf(1, 'same')))).toMatchObject({ name: 'SessionConflict' });
    expect(actions()).toEqual(['PutItem', 'PutItem', 'GetItem']);
  });

  test('a write succeeds after two throttled requests', async () => {
    const { runs } = bench().stores;
    const run = runOf(freshJob());
    const actions = faulty((_, before) => (before < 2 ? throttled : undefined));
    await runs.put(run);
    expect(actions()).toEqual(['PutItem', 'PutItem', 'PutItem']);
    expect(await runs.get(run.id)).toEqual(run);
  });

  test('continued throttling is StoreUnavailable, and nothing is written', async () => {
    const { item, stores } = bench();
    const run = runOf(freshJob());
    const actions = faulty(() => throttled);
    expect(await failureOf(stores.runs.put(run))).toMatchObject({ name: 'StoreUnavailable' });
    expect(actions().length).toBeGreaterThan(1);
    expect(await item({ pk: `job#${run.job.name}`, sk: `run#${run.slot}` })).toBeUndefined();
  });

  test.each(passing)('a write and a read succeed after one $error', async (trouble) => {
    const { runs } = bench().stores;
    const run = runOf(freshJob());
    const first: Tap['fault'] = (_, before) => (before === 0 ? trouble : undefined);
    const written = faulty(first);
    await runs.put(run);
    expect(written()).toEqual(['PutItem', 'PutItem']);
    const readAgain = faulty(first);
    expect(await runs.get(run.id)).toEqual(run);
    expect(readAgain()).toEqual(['GetItem', 'GetItem']);
  });

  test.each(denied)('the error %s is Unauthorized without a retry', async (error) => {
    const { runs } = bench().stores;
    const actions = faulty(() => ({ status: 400, error }));
    expect(await failureOf(runs.get(freshRun()))).toMatchObject({ name: 'Unauthorized' });
    expect(actions()).toEqual(['GetItem']);
  });

  test('a read is retried when its response was lost', async () => {
    const { runs, sessions } = bench().stores;
    const run = runOf(freshJob());
    const key = sessionKey(run.id, 1);
    await runs.put(run);
    await sessions.append(key, stepOf(1));
    const actions = faulty((_, before) => (before % 2 === 0 ? 'lost' : undefined));
    expect(await runs.get(run.id)).toEqual(run);
    expect(await sessions.load(key)).toEqual([stepOf(1)]);
    expect(actions()).toEqual(['GetItem', 'GetItem', 'Query', 'Query']);
  });

  test('an unreachable engine is StoreUnavailable', async () => {
    const nowhere = new DynamoDBClient({
      endpoint: 'http://127.0.0.1:1',
      region: 'eu-west-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    onTestFinished(() => nowhere.destroy());
    const stores = dynamoStores(nowhere, 'any', { now: () => today, token: () => 'any', damaged: unexpected });
    expect(await failureOf(stores.runs.get(freshRun()))).toMatchObject({ name: 'StoreUnavailable' });
  });

  test('a missing table is reported by name, with a remedy', async () => {
    const { attempts, effects, runs, sessions } = bench().storesWith({ tableName: 'not-there' });
    const id = freshRun();
    const asked: Promise<unknown>[] = [
      runs.get(id),
      runs.put(runOf(freshJob())),
      runs.byDay('2026-11-22'),
      attempts.list(id),
      sessions.load(sessionKey(id, 1)),
      effects.put(effectOf(id, 'k')),
    ];
    for (const failure of await Promise.all(asked.map(failureOf))) {
      expect(failure.name).toBe('TableMissing');
      expect(failure.message).toMatch(/not-there.*deploy.*npm start/);
    }
  });
};
