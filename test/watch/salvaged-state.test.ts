import { describe, expect, it } from 'vitest';
import { freshState } from '../../lib/policy/job-state.ts';
import type { Outcome } from '../../lib/run/outcome.ts';
import type { Run } from '../../lib/run/run.ts';
import { noUsage } from '../../lib/usage.ts';
import { salvagedState } from '../../lib/watch/salvaged-state.ts';
import { runOf, stateOf, today } from '../kit/stored.ts';

const at = (hour: number): string => `2026-11-22T0${hour}:00:00Z`;
const ended = (hour: number, status: 'succeeded' | 'failed', more: { suffix?: string } = {}): Run => {
  const usage = { ...noUsage, usd: 0.25 };
  const common = { attempts: 1, usage, endedAt: at(hour) };
  const session = { session: 's', step: 1 };
  const outcome = (status === 'succeeded'
    ? { status, ...common, ...session }
    : { status, failure: 'Crash', message: 'x', ...common }) as unknown as Outcome;
  return { ...runOf('report', { slot: at(hour), ...more }), outcome };
};
const salvage = (damaged: unknown, runs: Run[] = []) =>
  salvagedState(damaged, { job: 'report', runs, now: today, version: 8 });

describe('a state in place of a damaged one', () => {
  it('keeps every field that can be read', () => {
    const pause = { by: 'ana', since: at(1), until: null, note: '' };
    const whole = stateOf('report', 7, { streak: 3, pauses: [pause], lastSuccess: at(5) });
    const { state, lost } = salvage({ ...whole, spent: 'nothing', breaker: 7 });
    expect(state).toEqual({ ...whole, version: 8 });
    expect(lost).toEqual(['breaker', 'spent']);
  });

  it.each([undefined, null, 'text', 7, [], {}])(
    'is fresh where the damaged one is %j and there are no runs',
    (damaged) => {
      expect(salvage(damaged).state).toEqual({ ...freshState('report'), version: 8 });
    },
  );

  it('is told by the runs: open ones have a lease again, and what was spent counts', () => {
    const open = runOf('report', { slot: at(7) });
    const runs = [
      open,
      ended(6, 'failed'),
      ended(5, 'failed'),
      ended(4, 'succeeded', { suffix: 'manual' }),
      ended(3, 'succeeded'),
    ];
    const { state } = salvage({}, runs);
    expect(state).toMatchObject({
      open: [{ run: open.id, from: today.toJSON(), holds: true }],
      streak: -2,
      lastSuccess: at(4),
      spent: { day: { of: '2026-11-22', usd: 1, runs: 3 }, month: { of: '2026-11', usd: 1, runs: 3 } },
    });
  });
});
