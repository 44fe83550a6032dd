import { expect, test } from 'vitest';
import { StoredStep } from '../../../lib/io/store/sessions.ts';
import { committed, sessionKey } from '../../../lib/run/session.ts';
import { ends, expectOneWinner, failureOf } from '../failure-of.ts';
import { freshRun, runOf, stepOf, today } from '../stored.ts';
import type { Bench } from './store-bench.ts';

const days = (count: number) => new Date(today.getTime() + count * 86_400_000);
const freshSession = () => sessionKey(freshRun(), 1);
const placeOf = (session: string, number: number) => ({
  pk: `session#${session}`,
  sk: `step#${String(number).padStart(5, '0')}`,
});

/** The contract of Sessions. */
export const sessionsContract = (bench: () => Bench) => {
  test('an unknown session has no steps', async () => {
    expect(await bench().stores.sessions.load(freshSession())).toEqual([]);
  });

  test('one of two writers takes a step number, and the other gets a conflict', async () => {
    const { sessions } = bench().stores;
    const key = freshSession();
    const writers = [stepOf(1, 'first'), stepOf(1, 'second')];
    const ended = await ends(writers.map((step) => sessions.append(key, step)));
    const winner = expectOneWinner(ended, 'SessionConflict');
    expect(await sessions.load(key)).toEqual([writers[winner]]);
  });

  test('exactly one of a hundred writers takes a step number, and its bytes remain stored', async () => {
    const { item, stores } = bench();
    const key = freshSession();
    const writers = Array.from({ length: 100 }, (_, at) => stepOf(1, `writer ${at}`));
    const ended = await ends(writers.map((step) => stores.sessions.append(key, step)));
    const winner = writers[expectOneWinner(ended, 'SessionConflict')];
    const stored = await item(placeOf(key, 1));
    expect(StoredStep.schema.parse(JSON.parse(String(stored?.data)))).toEqual(winner);
    expect(await failureOf(stores.sessions.append(key, stepOf(1, 'too late')))).toMatchObject({
      name: 'SessionConflict',
    });
    expect(await item(placeOf(key, 1))).toEqual(stored);
  });

  test('every commit is readable at once from any client', async () => {
    const { stores, storesWith } = bench();
    const key = freshSession();
    for (let number = 1; number <= 12; number++) {
      await stores.sessions.append(key, stepOf(number));
      expect((await storesWith({}).sessions.load(key)).map((step) => step.number).at(-1)).toBe(number);
    }
  });

  test('a readable run has its whole session, also when the run was written last', async () => {
    const { stores, storesWith } = bench();
    const run = runOf('outlived');
    const key = sessionKey(run.id, 1);
    await stores.sessions.append(key, stepOf(1));
    await storesWith({ now: days(1) }).sessions.append(key, stepOf(2));
    await storesWith({ now: days(1) }).runs.put(run);
    const gone = await Promise.all(
      [400, 401].map(async (count) => {
        const { runs, sessions } = storesWith({ now: days(count) });
        return [await runs.get(run.id).then((found) => found !== undefined), (await sessions.load(key)).length];
      }),
    );
    expect(gone).toEqual([
      [true, 2],
      [false, 2],
    ]);
  });

  test('sessions of other attempts and of runs with the same prefix are separate', async () => {
    const { sessions } = bench().stores;
    const run = freshRun();
    const keys = [sessionKey(run, 1), sessionKey(run, 11), sessionKey(`${run}_x`, 1)];
    for (const key of keys) await sessions.append(key, stepOf(1, key));
    for (const key of keys) expect(await sessions.load(key)).toEqual([stepOf(1, key)]);
  });

  test('six hundred steps over several pages are returned in order, with their usage added up', async () => {
    const { sessions } = bench().stores;
    const key = freshSession();
    const { sent } = bench().tap;
    const steps = Array.from({ length: 603 }, (_, at) => ({
      ...stepOf(at + 1, 'x'.repeat(2000)),
      usage: { inputTokens: 1, outputTokens: 2, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0.5 },
    }));
    for (let at = 0; at < steps.length; at += 67) {
      await Promise.all(steps.slice(at, at + 67).map((step) => sessions.append(key, step)));
    }
    const before = sent.length;
    expect(await sessions.load(key)).toEqual(steps);
    expect(sent.slice(before).filter(({ action }) => action === 'Query').length).toBeGreaterThan(1);
    const usage = { inputTokens: 603, outputTokens: 1206, usd: 301.5 };
    expect(await committed(key, undefined, sessions)).toMatchObject({ steps: 603, usage, answered: false });
  });

  test('an incomplete step is rejected before any request: blank text, a call without a result', async () => {
    const { stores, tap } = bench();
    const before = tap.sent.length;
    const [assistant] = stepOf(1).messages;
    const blank = { role: 'assistant' as const, content: [{ type: 'text' as const, text: ' ' }] };
    for (const messages of [[blank], [assistant]] as [typeof blank][]) {
      const failure = await failureOf(stores.sessions.append(freshSession(), { ...stepOf(1), messages }));
      expect(failure.name).toBe('DamagedItem');
    }
    expect(tap.sent.length).toBe(before);
  });

  test('any text is returned unchanged, also invalid Unicode', async () => {
    const { sessions } = bench().stores;
    const key = freshSession();
    const step = stepOf(1, 'a\ud800b\u0000c\u2028 "\\ é漢😀');
    await sessions.append(key, step);
    expect(await sessions.load(key)).toEqual([step]);
  });

  test('an expired step is gone, and exactly one writer may take its number again', async () => {
    const { stores, storesWith } = bench();
    const key = freshSession();
    await stores.sessions.append(key, stepOf(1, 'old'));
    const before = storesWith({ now: days(399) }).sessions;
    expect(await before.load(key)).toHaveLength(1);
    expect(await failureOf(before.append(key, stepOf(1, 'new')))).toMatchObject({ name: 'SessionConflict' });
    const after = storesWith({ now: days(405) }).sessions;
    expect(await after.load(key)).toEqual([]);
    const ended = await ends([after.append(key, stepOf(1, 'new')), after.append(key, stepOf(1, 'new'))]);
    expectOneWinner(ended, 'SessionConflict');
    expect(await after.load(key)).toEqual([stepOf(1, 'new')]);
  });

  test('an item over 400 KB is ItemTooLarge before any request', async () => {
    const { stores, tap } = bench();
    const before = tap.sent.length;
    const failure = await failureOf(stores.sessions.append(freshSession(), stepOf(1, 'x'.repeat(410_000))));
    expect(failure).toMatchObject({ name: 'ItemTooLarge', message: expect.stringContaining('step#00001') });
    expect(tap.sent).toHaveLength(before);
  });

  test.each(['x', '漢', '"'])(
    'the size check rejects what the engine would reject, and little else: %s',
    async (unit) => {
      const { item, plant, stores } = bench();
      const key = freshSession();
      await stores.sessions.append(key, stepOf(1, unit));
      const { data, ...small } = (await item(placeOf(key, 1))) ?? {};
      const rest = Object.entries(small).reduce((sum, [name, value]) => sum + name.length + String(value).length, 4);
      const unitBytes = Buffer.byteLength(JSON.stringify(unit)) - 2;
      const spare = 409_600 - rest - Buffer.byteLength(String(data));
      const fitting = Math.floor(spare / unitBytes);
      const verdicts: { ours: string; theirs: string }[] = [];
      for (const over of [-24, -16, -12, -8, -4, 0, 4, 8].map((bytes) => Math.floor(bytes / unitBytes))) {
        const session = freshSession();
        const step = stepOf(1, unit.repeat(fitting + over));
        const [ours = ''] = await ends([stores.sessions.append(session, step)]);
        const theirs = await plant({ ...small, sk: 'plain#0001', data: JSON.stringify(step) }).then(
          () => 'won',
          (error: Error) => error.name,
        );
        verdicts.push({ ours, theirs });
      }
      for (const { ours, theirs } of verdicts) expect([ours, theirs]).not.toEqual(['won', 'ValidationException']);
      expect(verdicts[0]).toEqual({ ours: 'won', theirs: 'won' });
      expect(verdicts.at(-1)?.ours).toBe('ItemTooLarge');
    },
  );
};
