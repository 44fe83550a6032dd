import { describe, expect, test } from 'vitest';
import { goingOn, type Pause, paused, pausedNow, pauseOf, pauseText, resumed } from '../../lib/policy/pause.ts';

const at = (hour: number) => new Date(Date.UTC(2026, 10, 22, hour));
const slot = (hour: number) => `2026-11-22T${String(hour).padStart(2, '0')}:00:00Z`;
const pause = (since: number, until: number | null = null, note = 'holiday'): Pause => ({
  by: 'ana',
  since: at(since).toJSON(),
  until: until === null ? null : at(until).toJSON(),
  note,
});

describe('a pause', () => {
  test('lasts until the job is resumed, and keeps its end', () => {
    const pauses = paused([], pause(8));
    expect(pausedNow(pauses, at(7))).toBeUndefined();
    expect(pausedNow(pauses, at(99))).toEqual(pause(8));
    const after = resumed(pauses, at(10));
    expect(after).toEqual([pause(8, 10)]);
    expect(pausedNow(after, at(10))).toBeUndefined();
    expect(resumed(after, at(11))).toEqual(after);
  });

  test('with an end expires by itself', () => {
    const pauses = [pause(8, 12)];
    expect(pausedNow(pauses, at(11))).toEqual(pause(8, 12));
    expect(pausedNow(pauses, at(12))).toBeUndefined();
  });

  test('ends the pause before it', () => {
    const pauses = paused([pause(8)], pause(9, 12, 'until noon'));
    expect(pauses).toEqual([pause(8, 9), pause(9, 12, 'until noon')]);
    expect(pausedNow(pauses, at(13))).toBeUndefined();
  });

  test('ends on resume with every other pause, also one that a clock ahead of ours wrote', () => {
    const pauses = [pause(8, 9), pause(10), pause(12)];
    expect(goingOn(pauses, at(11))).toEqual(pause(12));
    const after = resumed(pauses, at(11));
    expect(after).toEqual([pause(8, 9), pause(10, 11), pause(12, 11)]);
    expect([goingOn(after, at(11)), pausedNow(after, at(99)), pauseOf(slot(13), after, at(99))]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('is kept among the latest pauses, its note cut to a bound', () => {
    const many = Array.from({ length: 30 }, (_, n) => n).reduce<Pause[]>(
      (all, n) => paused(all, pause(n, null, 'é'.repeat(5000))),
      [],
    );
    expect(many).toHaveLength(20);
    expect(many.at(-1)).toMatchObject({ since: at(29).toJSON(), until: null });
    expect(Buffer.byteLength(JSON.stringify(many))).toBeLessThan(25_000);
  });

  test('is described by its person, start, end and note', () => {
    expect(pauseText(pause(8, 12))).toBe(
      'paused by ana since 2026-11-22T08:00:00.000Z until 2026-11-22T12:00:00.000Z: holiday',
    );
    expect(pauseText(pause(8, null, ''))).toBe('paused by ana since 2026-11-22T08:00:00.000Z');
  });
});

describe('a pause of a job', () => {
  test.each([
    ['skips a slot due in it and delivered in it', 9, 9, true],
    ['skips a slot due in it and delivered after it', 9, 14, true],
    ['skips a slot due before it and delivered in it', 7, 9, true],
    ['does not skip a slot due before it and delivered after it', 7, 14, false],
    ['skips a slot due at its start', 8, 8, true],
    ['does not skip a slot due at its end', 12, 12, false],
    ['does not skip a slot due after it', 13, 13, false],
  ])('%s', (_name, due, delivered, isPaused) => {
    expect(pauseOf(slot(due), [pause(8, 12)], at(delivered)) !== undefined).toBe(isPaused);
  });

  test('skips the slots due in it, among many pauses', () => {
    const pauses = [pause(2, 3), pause(8, 12, 'this one'), pause(14)];
    expect(pauseOf(slot(9), pauses, at(13))?.note).toBe('this one');
    expect(pauseOf(slot(13), pauses, at(13))).toBeUndefined();
  });
});
