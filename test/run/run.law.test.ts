import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Run, runId, runName, runStatus } from '../../lib/run/run.ts';
import { slotAt } from '../../lib/schedule/slot.ts';
import { noUsage } from '../../lib/usage.ts';
import { runOf } from '../kit/stored.ts';

const letters = 'abcdefghijklmnopqrstuvwxyz';
const word = (first: string, rest: string, max: number) =>
  fc
    .tuple(fc.constantFrom(...first), fc.array(fc.constantFrom(...rest), { maxLength: max - 1 }))
    .map(([head, tail]) => head + tail.join(''));
const name = fc.record({
  job: word(letters, `${letters}0123456789-`, 40),
  slot: fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }).map(slotAt),
  suffix: fc.option(word(`${letters}0123456789`, `${letters}0123456789-`, 20), { nil: undefined }),
});

describe('the id of a run', () => {
  it('is that of its job, slot and suffix, also where it is stored', () => {
    const run = runOf('report');
    expect(Run.safeParse(run).success).toBe(true);
    expect(Run.safeParse({ ...run, suffix: 'manual' }).success).toBe(false);
    expect(Run.safeParse({ ...run, id: runOf('other').id }).success).toBe(false);
  });

  it('converts to the parts of its name and back', () => {
    fc.assert(
      fc.property(name, (named) => {
        expect(runName(runId(named))).toEqual(named);
      }),
    );
  });

  it('is a valid execution name for the longest parts', () => {
    const longest = { job: 'a'.repeat(40), slot: '2026-11-22T07:00:00Z', suffix: 'b'.repeat(20) };
    fc.assert(
      fc.property(name, (named) => {
        expect(runId(named)).toMatch(/^[0-9A-Za-z_-]{1,80}$/);
      }),
      { examples: [[longest]] },
    );
  });

  it('is unique to its run', () => {
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(runId(a) === runId(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });

  it('is either rejected by name or equal to the id of its parsed name, for any text', () => {
    const near = fc.tuple(name, fc.string({ maxLength: 3 }), fc.nat(90)).map(([named, text, at]) => {
      const id = runId(named);
      return id.slice(0, at) + text + id.slice(at);
    });
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), (text) => {
        try {
          expect(runId(runName(text))).toBe(text);
        } catch (thrown) {
          expect(thrown).toMatchObject({ name: expect.stringMatching(/^Invalid(Event|Slot)$/) });
        }
      }),
    );
  });

  it.each([
    'night',
    'night_20261122T070000Z_',
    'night_20261122T070000Z_a_b',
    'Night_20261122T070000Z',
    'night_2026-11-22T07:00:00Z',
    'night_20261122T070000Z_-a',
    `${'a'.repeat(41)}_20261122T070000Z`,
    `night_20261122T070000Z_${'b'.repeat(21)}`,
  ])('is never %s', (text) => {
    expect(() => runName(text)).toThrow();
  });
});

describe('the status of a run', () => {
  it('is open until it has an outcome', () => {
    const run = runOf('night');
    expect(runStatus(run)).toBe('open');
    const ended = { usage: noUsage, endedAt: run.slot };
    expect(runStatus({ ...run, outcome: { status: 'skipped', why: 'late', ...ended } })).toBe('skipped');
  });
});
