import { expect, test } from 'vitest';
import { sessionKey } from '../../../lib/run/session.ts';
import { failureOf } from '../failure-of.ts';
import { attemptOf, checkpointOf, effectOf, freshJob, freshRun, rangeOf, runOf, stateOf, stepOf } from '../stored.ts';
import type { Bench, Key } from './store-bench.ts';

const damages: [string, Record<string, unknown>][] = [
  ['data that is not JSON', { data: '{"half":' }],
  ['data that is JSON of something else', { data: '{"hello":1}' }],
  ['data that is null', { data: 'null' }],
  ['data of another type', { data: 7 }],
  ['a version of another type', { version: 'one' }],
];

/** The contract of the stores for damaged items. */
export const damageContract = (bench: () => Bench) => {
  const damaged = async (key: Key, damage: Record<string, unknown>) => {
    const stored = await bench().item(key);
    expect(stored).toBeDefined();
    await bench().plant({ ...stored, ...damage });
  };

  test.each(damages)('every read names the item that has %s', async (_, damage) => {
    const { attempts, effects, runs, sessions, states, checkpoints, ranges } = bench().stores;
    const run = runOf(freshJob());
    const { id } = run;
    const key = sessionKey(id, 1);
    await runs.put(run);
    await attempts.put(attemptOf(id, 1));
    await effects.put(effectOf(id, 'k'));
    await sessions.append(key, stepOf(1));
    await states.put(stateOf(run.job.name));
    await checkpoints.put(checkpointOf(run.job.name));
    const range = rangeOf(run.job.name);
    await ranges.put(range);
    const reads: [Key, () => Promise<unknown>][] = [
      [{ pk: `job#${run.job.name}`, sk: `run#${run.slot}` }, () => runs.get(id)],
      [{ pk: `run#${id}`, sk: 'attempt#001' }, () => attempts.get(id, 1)],
      [{ pk: `run#${id}`, sk: 'attempt#001' }, () => attempts.list(id)],
      [{ pk: `run#${id}`, sk: 'effect#k' }, () => effects.get(id, 'k')],
      [{ pk: `session#${key}`, sk: 'step#00001' }, () => sessions.load(key)],
      [{ pk: `job#${run.job.name}`, sk: 'state' }, () => states.get(run.job.name)],
      [{ pk: `job#${run.job.name}`, sk: 'look' }, () => checkpoints.get(run.job.name)],
      [{ pk: `job#${run.job.name}`, sk: `range#${range.from}` }, () => ranges.get(run.job.name, range.from)],
    ];
    for (const [place, read] of reads) {
      await damaged(place, damage);
      const failure = await failureOf(read());
      expect(failure.name).toBe('DamagedItem');
      expect(failure.message).toContain(place.pk);
      expect(failure.message).toContain(place.sk);
    }
  });

  test('a list omits an unreadable run and reports it', async () => {
    const { damaged: leftOut, stores } = bench();
    const [good, bad] = [runOf(freshJob(), { slot: '2026-11-20T07:00:00Z' }), runOf(freshJob())];
    const other = { ...bad, job: good.job, id: runOf(good.job.name).id };
    for (const run of [good, other]) await stores.runs.put(run);
    await damaged({ pk: `job#${good.job.name}`, sk: `run#${other.slot}` }, { data: '{"hello":1}' });
    expect(await stores.runs.byJob(good.job.name, { limit: 10 })).toEqual([good]);
    expect((await stores.runs.summaries(good.job.name, { limit: 10 })).map(({ id }) => id)).toEqual([good.id]);
    expect(leftOut.at(-1)).toMatchObject({ name: 'DamagedItem', message: expect.stringContaining(good.job.name) });
  });

  test('a stored run stays readable when current rules reject its job, and keeps unknown fields', async () => {
    const { stores } = bench();
    const run = runOf(freshJob());
    const limits = { ...run.job.limits, steps: 5_000_000, more: 1 };
    const then = { ...run, job: { ...run.job, limits, prompt: 'Say ${what}.' }, added: { later: true } };
    await stores.runs.put(then);
    expect(await stores.runs.get(run.id)).toEqual(then);
  });

  test('a missing step is reported with its session and number', async () => {
    const { sessions } = bench().stores;
    for (const numbers of [[2], [1, 3], [1, 2, 4, 5]]) {
      const key = sessionKey(freshRun(), 1);
      for (const number of numbers) await sessions.append(key, stepOf(number));
      const failure = await failureOf(sessions.load(key));
      expect(failure).toMatchObject({ name: 'DamagedItem', message: expect.stringContaining(key) });
      expect(failure.message).toContain(`step#${String(numbers.at(numbers.length > 2 ? 2 : -1)).padStart(5, '0')}`);
    }
  });

  test('a step stored under another number is reported with both numbers', async () => {
    const { plant, item, stores } = bench();
    const key = sessionKey(freshRun(), 1);
    await stores.sessions.append(key, stepOf(1));
    const first = await item({ pk: `session#${key}`, sk: 'step#00001' });
    await plant({ ...first, sk: 'step#00002' });
    expect(await failureOf(stores.sessions.load(key))).toMatchObject({
      name: 'DamagedItem',
      message: expect.stringContaining('found step 1 at step#00002'),
    });
  });

  test('the state or checkpoint of another job under this key is reported with that job', async () => {
    const { item, plant, stores } = bench();
    const [job, other] = [freshJob(), freshJob()];
    await stores.states.put(stateOf(job));
    await stores.checkpoints.put(checkpointOf(job));
    for (const sk of ['state', 'look']) await plant({ ...(await item({ pk: `job#${job}`, sk })), pk: `job#${other}` });
    for (const { get } of [stores.states, stores.checkpoints])
      expect(await failureOf(get(other))).toMatchObject({ name: 'DamagedItem', message: expect.stringContaining(job) });
  });

  test('a step with half a conversation is rejected', async () => {
    const { item, plant, stores } = bench();
    const key = sessionKey(freshRun(), 1);
    await stores.sessions.append(key, stepOf(1));
    const place = { pk: `session#${key}`, sk: 'step#00001' };
    const [asked] = stepOf(1).messages;
    await plant({ ...(await item(place)), data: JSON.stringify({ ...stepOf(1), messages: undefined, turn: [asked] }) });
    expect(await failureOf(stores.sessions.load(key))).toMatchObject({ name: 'DamagedItem' });
  });
};
