import { describe, expect, test } from 'vitest';
import { authorOf, noteOf } from '../../infra/cli/command/author.ts';
import { about, localText, typedTime } from '../../infra/cli/print/time.ts';

const now = new Date('2026-11-25T10:00:00Z');
const zone = 'Europe/Amsterdam';
const read = (text: string, of = zone) => typedTime(text, '--from', of, now);
const utc = (text: string) => Date.parse(text);

describe('a typed time', () => {
  test.each([
    ['2026-11-25 09:00', '2026-11-25T08:00:00Z'],
    ['2026-11-25T09:00', '2026-11-25T08:00:00Z'],
    ['2026-11-25 09:00:30', '2026-11-25T08:00:30Z'],
    ['09:00', '2026-11-25T08:00:00Z'],
    ['2026-11-25T08:00:00Z', '2026-11-25T08:00:00Z'],
    ['2026-11-25T08:00Z', '2026-11-25T08:00:00Z'],
    ['2026-11-25', '2026-11-24T23:00:00Z'],
  ])('is local, of today, or a slot: %s', (text, instant) => {
    expect(read(text)).toMatchObject({ instants: [utc(instant)], reached: utc(instant) });
  });

  test('is of the day that it is in its own zone', () => {
    const late = typedTime('09:00', '--from', 'Asia/Tokyo', new Date('2026-11-25T20:00:00Z'));
    expect(late.instants).toEqual([utc('2026-11-26T00:00:00Z')]);
  });

  test('lasts for its minute, or for its whole day', () => {
    expect(read('09:00').end).toBe(utc('2026-11-25T08:01:00Z') - 1);
    expect(read('2026-11-25').end).toBe(utc('2026-11-25T23:00:00Z') - 1);
    expect(read('2026-10-25').end - read('2026-10-25').reached).toBe(25 * 3_600_000 - 1);
  });

  test('has no instant, or two, where clocks change', () => {
    expect(read('2026-03-29 02:30')).toMatchObject({ instants: [], reached: utc('2026-03-29T01:00:00Z') });
    expect(read('2026-10-25 02:30').instants).toEqual([utc('2026-10-25T00:30:00Z'), utc('2026-10-25T01:30:00Z')]);
    expect(read('2026-10-25 02:30').end).toBe(utc('2026-10-25T01:31:00Z') - 1);
  });

  test.each(['', 'noon', '9:00', '2026-11-25 9', '25-11-2026', '2026-11-25T08:00:00.000Z', '2026-02-30T00:00:00Z'])(
    'is refused where it is none: "%s"',
    (text) => {
      const expected = {
        name: 'InvalidSlot',
        message: expect.stringMatching(`^--from: found "${text}", expected a local`),
      };
      expect(() => read(text)).toThrow(expect.objectContaining(expected));
    },
  );

  test('is refused for a day or hour that does not exist', () => {
    expect(() => read('2026-02-30 09:00')).toThrow('--from: "2026-02-30 09:00": day: found 30, expected 1-28');
    expect(() => read('24:00')).toThrow('hour: found 24, expected 0-23');
  });

  test('is printed as a weekday, a date and a time, and a span in words', () => {
    expect(localText('2026-11-25T08:00:00Z', zone)).toBe('Wed 2026-11-25 09:00');
    expect(localText('2026-11-25T08:00:07.512Z', zone)).toBe('Wed 2026-11-25 09:00:07');
    const spans = [4_000, 90_000, 3_600_000, 3_900_000, 47 * 3_600_000, 73 * 3_600_000].map(about);
    expect(spans).toEqual(['4 s', '2 min', '1 h', '1 h 05 min', '47 h', '3 days']);
  });
});

describe('the operator of a command', () => {
  test('has the given name, else a name from this machine', () => {
    expect(authorOf(' ana\nb ', {})).toBe('ana b');
    expect(authorOf(undefined, {})).toMatch(/./);
  });

  test('reads what is wrong with a name or a note', () => {
    expect(() => authorOf(' ', {})).toThrow('--by: found no name, expected one');
    expect(() => noteOf('x'.repeat(501))).toThrow('--note: found 501 characters, expected at most 500');
    expect(noteOf('two\n lines')).toBe('two lines');
  });
});
