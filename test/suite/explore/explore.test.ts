import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Event, traceOf } from './history.ts';
import { invariants, violations } from './invariants.ts';
import { mutants } from './mutants.ts';
import { loadDefinition, loadProduct } from './product-bundle.ts';
import { openPlayer, type Player, playOf, search } from './search.ts';
import { readSchedule, replaying, scheduleText, seeded } from './strategy.ts';

const opened: { player?: Player } = {};
const player = (): Player => {
  if (!opened.player) throw new Error('the product is not loaded');
  return opened.player;
};
beforeAll(async () => {
  opened.player = openPlayer(await loadProduct(), await loadDefinition());
});

const played = (job: string, decisions: string) => player().play(playOf(job), replaying(readSchedule(decisions)));
const historyOf = ({ world }: { world: { history: Event[] } }): string => JSON.stringify(world.history);

describe('a schedule', () => {
  test('has the same history when it is replayed by decisions, by seed or in fresh processes', async () => {
    for (const seed of [1, 2, 3, 5, 8, 13, 21, 34]) {
      const first = await player().play(playOf('once'), seeded(seed));
      const again = [
        await player().play(playOf('once'), seeded(seed)),
        await played('once', scheduleText(first.decisions)),
        await player().play(playOf('once'), replaying(first.decisions), true),
      ];
      for (const each of again) expect(historyOf(each)).toBe(historyOf(first));
    }
  });

  test('reports a decision that is not possible at its step as a violation', async () => {
    expect(violations(await played('answer', '0=unseen'))).toEqual([
      { invariant: 'ends', what: 'step 0 has no unseen' },
    ]);
  });

  test('keeps its decisions through writing and reading', () => {
    expect(scheduleText(readSchedule('3=kill-after,9=timeout@settled,11=order:2'))).toBe(
      '3=kill-after,9=timeout@settled,11=order:2',
    );
    expect(() => readSchedule('kill')).toThrow('expected <step>=<decision>');
  });
});

describe('a process', () => {
  test('writes nothing when killed before a write, writes when killed after it, and reports its death to its caller', async () => {
    const stored = async (how: string) => {
      const simulated = await played('answer', `3=${how}`);
      const trace = traceOf(simulated.world.history).join('\n');
      expect(trace).toContain('dispatch-1  died  Runtime.ExitError');
      return simulated.world.history.some((event) => event.type === 'wrote' && event.actor === 'dispatch-1');
    };
    expect([await stored('kill-before'), await stored('kill-after')]).toEqual([false, true]);
  });

  test('works on after its caller gave up, at the moment in the schedule', async () => {
    const { world } = await played('answer', '10=timeout@settled');
    const at = (found: (event: Event) => boolean) => world.history.findIndex(found);
    const settled = at((event) => event.type === 'observed' && event.what === 'settled');
    const zombie = at((event) => event.type === 'asked' && event.actor === 'attempt-1');
    expect(settled).toBeGreaterThan(0);
    expect(zombie).toBeGreaterThan(settled);
  });

  test('shares its module with the next invocation of its function until it dies', async () => {
    const environments = async (decisions: string) => {
      const { world } = await played('retry', decisions);
      return new Set(
        world.history.flatMap((event) =>
          event.type === 'invoked' && event.actor.startsWith('attempt') ? [event.env] : [],
        ),
      ).size;
    };
    expect([await environments(''), await environments('8=kill-before')]).toEqual([1, 2]);
  });
});

describe('the product', () => {
  test.each(['answer', 'once'])('keeps every invariant in each schedule of %s with one decision', async (job) => {
    const broken: string[] = [];
    let schedules = 0;
    for await (const each of search({ job, phase: 'one', part: 0, parts: 4 }, player())) {
      schedules += 1;
      broken.push(...each.violations.map(({ what }) => `${each.decisions}: ${what}`));
    }
    expect(broken).toEqual([]);
    expect(schedules).toBeGreaterThan(30);
  });
});

describe('a mutant', () => {
  test('finds the text that it edits exactly once in the product', () => {
    const places = mutants.flatMap(({ edits }) =>
      edits.map(({ file, find }) => [find, readFileSync(file, 'utf8').split(find).length - 1]),
    );
    expect(places.filter(([, count]) => count !== 1)).toEqual([]);
    expect(places.length).toBeGreaterThan(mutants.length);
  });

  test('throws when its text occurs never, more than once or outside the product', async () => {
    const file = 'lib/lifecycle/settle.ts';
    await expect(loadProduct([{ file, find: 'no such text', replace: '' }])).rejects.toThrow('found 0 times');
    await expect(loadProduct([{ file, find: 'run', replace: '' }])).rejects.toThrow(/found \d\d+ times/);
    await expect(loadProduct([{ file: 'lib/io/web/http.ts', find: 'x', replace: '' }])).rejects.toThrow(
      'no part of the product',
    );
  });

  test('exists for each invariant', () => {
    expect(new Set(mutants.map(({ breaks }) => breaks))).toEqual(new Set(Object.keys(invariants)));
  });
});
