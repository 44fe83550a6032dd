import { describe, expect, it } from 'vitest';
import { freshState } from '../../lib/policy/job-state.ts';
import { comingSlots } from '../../lib/report/coming-slot.ts';
import { anchorOf } from '../../lib/report/why.ts';
import { runOf, succeeded } from '../kit/explained.ts';
import { job } from '../kit/job.ts';

const now = new Date('2026-11-22T08:15:00Z');
const rate = job({ schedule: { rate: '1 hour' } });

describe('the coming slots of a job', () => {
  it('count from the slot that its schedule delivered', () => {
    const fired = runOf(rate, '2026-11-22T07:30:10Z', succeeded('2026-11-22T07:30:10Z'));
    const { at, known } = anchorOf(rate, undefined, [fired], now);
    const coming = comingSlots(rate, { anchor: at, state: freshState('report'), now, count: 2 });
    expect([known, coming.map(({ due }) => due.slot)]).toEqual([
      true,
      ['2026-11-22T08:30:10Z', '2026-11-22T09:30:10Z'],
    ]);
  });

  it('say why they would be skipped as things are now, each for its own time', () => {
    const pause = { by: 'ana', since: '2026-11-22T08:00:00Z', until: '2026-11-22T10:00:00Z', note: 'tax week' };
    const state = { ...freshState('report'), pauses: [pause] };
    const coming = comingSlots(rate, { anchor: new Date('2026-11-22T07:30:00Z'), state, now, count: 3 });
    expect(coming.map(({ refused }) => refused?.why)).toEqual(['paused', 'paused', undefined]);
  });
});

it('a rate counts from its start while that is ahead, and from nothing known once it has passed', () => {
  const from = (start: string) => anchorOf(job({ schedule: { rate: '1 hour', start } }), undefined, [], now);
  expect(from('2026-11-22T09:00:00')).toEqual({ at: new Date('2026-11-22T09:00:00Z'), known: true });
  expect(from('2026-11-22T08:00:00')).toMatchObject({ known: false });
});
