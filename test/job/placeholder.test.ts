import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillPlaceholders, placeholders, unknownPlaceholders } from '../../lib/job/placeholder.ts';

const amsterdam = {
  id: 'night_20261122T070000Z',
  job: 'night',
  slot: '2026-11-22T07:00:00Z',
  timezone: 'Europe/Amsterdam',
};
const filled = (text: string, change: Partial<typeof amsterdam> = {}) =>
  fillPlaceholders(text, { ...amsterdam, ...change });

describe('the placeholders of a prompt', () => {
  it('are replaced as their table documents', () => {
    expect(filled('${slot} ${date} ${time} ${weekday} ${timezone} ${job} ${run}')).toBe(
      '2026-11-22T07:00:00Z 2026-11-22 08:00 Sunday Europe/Amsterdam night night_20261122T070000Z',
    );
    for (const [word, description] of Object.entries(placeholders)) {
      const example = /\d.*|Sunday|Europe\/Amsterdam/.exec(description)?.[0];
      if (example) expect(filled(`\${${word}}`)).toBe(example);
    }
  });

  it.each([
    ['before spring forward', '2026-03-29T00:59:00Z', 'Europe/Amsterdam', '2026-03-29 01:59 Sunday'],
    ['after spring forward', '2026-03-29T01:00:00Z', 'Europe/Amsterdam', '2026-03-29 03:00 Sunday'],
    ['the first of two equal hours', '2026-10-25T00:30:00Z', 'Europe/Amsterdam', '2026-10-25 02:30 Sunday'],
    ['the second of two equal hours', '2026-10-25T01:30:00Z', 'Europe/Amsterdam', '2026-10-25 02:30 Sunday'],
    ['the local day before', '2026-11-22T03:00:00Z', 'America/New_York', '2026-11-21 22:00 Saturday'],
    ['the local day after', '2026-12-31T15:00:00Z', 'Asia/Tokyo', '2027-01-01 00:00 Friday'],
    ['a zone of half hours', '2026-11-22T18:45:00Z', 'Asia/Kolkata', '2026-11-23 00:15 Monday'],
    ['half an hour of summer time', '2026-10-03T15:30:00Z', 'Australia/Lord_Howe', '2026-10-04 02:30 Sunday'],
    ['a leap day', '2028-02-29T12:00:00Z', 'UTC', '2028-02-29 12:00 Tuesday'],
  ])('use the local time zone: %s', (_, slot, timezone, expected) => {
    expect(filled('${date} ${time} ${weekday}', { slot, timezone })).toBe(expected);
  });

  it('stay plain text after a second dollar sign', () => {
    expect(filled('$${date} costs $5 and ${job}')).toBe('${date} costs $5 and night');
    expect(filled('$$${date}')).toBe('$${date}');
    expect(filled('$${anything goes}')).toBe('${anything goes}');
    expect(filled('$${a:-$${b}} $${ ${job}')).toBe('${a:-${b}} ${ night');
    expect(unknownPlaceholders('$${nope} $${}')).toEqual([]);
  });

  it('are rejected when unknown, all in one message', () => {
    expect(unknownPlaceholders('${date} ${nope} ${} ${constructor} ${Date} ${ date }')).toEqual([
      'nope',
      '',
      'constructor',
      'Date',
      ' date ',
    ]);
    expect(unknownPlaceholders('a $ b {c} ${ d')).toEqual([]);
  });

  it('are replaced once, and their values are not scanned again', () => {
    expect(filled('${job}', { job: '${date}' })).toBe('${date}');
  });

  it('give the same text for the same run and leave other text unchanged', () => {
    const piece = fc.oneof(fc.string(), fc.constantFrom('${date}', '${time}', '$', '{', '}', '$${', '${run}'));
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = pieces.join('');
        expect(filled(text)).toBe(filled(text));
        if (!text.includes('${')) expect(filled(text)).toBe(text);
      }),
    );
  });

  it('can be escaped in any text, which then stays unchanged', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('$', '{', '}', 'date', 'x', '\n')), (pieces) => {
        const text = pieces.join('');
        const escaped = text.replaceAll('${', () => '$${');
        expect(unknownPlaceholders(escaped)).toEqual([]);
        expect(filled(escaped)).toBe(text);
      }),
    );
  });
});
