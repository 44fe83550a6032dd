import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FailureName } from '../../lib/failure.ts';
import { type Health, healthAfter, heldBack, withoutProbe } from '../../lib/policy/breaker.ts';
import type { Outcome } from '../../lib/run/outcome.ts';
import { noUsage } from '../../lib/usage.ts';

const rule = { failures: 3, firstDelaySeconds: 60, factor: 2, maxDelaySeconds: 200 };
const closed: Health = { streak: 0, breaker: null };
const at = (seconds: number) => new Date(Date.UTC(2026, 10, 22, 7) + seconds * 1000);
const ended = { attempts: 1, usage: noUsage, endedAt: '' };
const good: Outcome = { status: 'succeeded', steps: 1, ...ended };
const bad = (failure: FailureName = 'ModelUnavailable'): Outcome => ({
  status: 'failed',
  failure,
  message: '',
  ...ended,
});
const skipped: Outcome = { status: 'skipped', why: 'overlap', usage: noUsage, endedAt: '' };
const having = (health: Health, outcomes: Outcome[], now = at(0), run = 'r') =>
  outcomes.reduce((state, outcome) => healthAfter(state, { run, outcome }, rule, now), health);
const tripped = having(closed, [bad(), bad(), bad()]);
const probing = (health: Health, run: string): Health => ({
  ...health,
  breaker: health.breaker && { ...health.breaker, probe: run },
});

const outcome = fc.constantFrom(
  good,
  bad(),
  bad('ExecutionAborted'),
  bad('Superseded'),
  bad('LambdaThrottled'),
  skipped,
);

test('the streak of a job counts its last runs with the same outcome, without aborted, superseded and skipped runs', () => {
  fc.assert(
    fc.property(fc.array(outcome), (outcomes) => {
      const telling = outcomes.filter(
        (one) => one === good || (one.status === 'failed' && one.failure === 'ModelUnavailable'),
      );
      const last = telling.at(-1);
      const row = telling.length - 1 - telling.findLastIndex((one) => (one === good) !== (last === good));
      expect(having(closed, outcomes).streak + 0).toBe(last === undefined ? 0 : last === good ? row : -row);
    }),
  );
});

test('the breaker is open exactly when as many runs in a row have failed, and closes on any success', () => {
  fc.assert(
    fc.property(fc.array(outcome), (outcomes) => {
      const { streak, breaker } = having(closed, outcomes);
      expect(breaker !== null).toBe(-streak >= rule.failures);
    }),
  );
});

test('a job with breaker failures 0 is never refused by its breaker, not even one that opened before', () => {
  const never = { ...rule, failures: 0 };
  const outcomes = Array.from({ length: 50 }, () => bad());
  const health = outcomes.reduce((state, one) => healthAfter(state, { run: 'r', outcome: one }, never, at(0)), closed);
  expect(health).toEqual({ streak: -50, breaker: null });
  expect(heldBack(tripped, never, at(0))).toBeUndefined();
  expect(healthAfter(tripped, { run: 'r', outcome: bad() }, never, at(0)).breaker).toBeNull();
});

describe('an open breaker', () => {
  test('refuses slots until its first probe is due, with a reason', () => {
    expect(heldBack(tripped, rule, at(59))).toBe(
      'the breaker is open since 2026-11-22T07:00:00.000Z, after 3 failed runs in a row; the next probe is at 2026-11-22T07:01:00.000Z',
    );
    expect(heldBack(tripped, rule, at(60))).toBeUndefined();
  });

  test('admits one probe at a time', () => {
    expect(heldBack(probing(tripped, 'p'), rule, at(1000))).toContain('p is its probe');
  });

  test('waits longer after each failed probe, up to a bound, and keeps the time at which it opened', () => {
    let health = tripped;
    const delays = [1, 2, 3, 4].map((probe) => {
      health = having(probing(health, 'p'), [bad()], at(probe * 1000), 'p');
      expect(health.breaker).toMatchObject({ since: at(0).toJSON(), probe: null });
      return (Date.parse(health.breaker?.until ?? '') - at(probe * 1000).getTime()) / 1000;
    });
    expect(delays).toEqual([120, 200, 200, 200]);
  });

  test('closes on the success of its probe, or of a run that began before it opened', () => {
    expect(having(probing(tripped, 'p'), [good], at(90), 'p')).toEqual({ streak: 1, breaker: null });
    expect(having(tripped, [good], at(10), 'early')).toEqual({ streak: 1, breaker: null });
  });

  test('does not wait longer after the failure of a run that began before it opened', () => {
    expect(having(tripped, [bad()], at(10), 'early')).toEqual({ ...tripped, streak: -4 });
  });

  test.each([
    ['was aborted', bad('ExecutionAborted')],
    ['was superseded', bad('Superseded')],
    ['found no free Lambda', bad('LambdaThrottled')],
    ['was skipped', skipped],
  ])('admits another probe after its probe %s', (_name, end) => {
    expect(having(probing(tripped, 'p'), [end], at(90), 'p')).toEqual(tripped);
    expect(having(probing(tripped, 'p'), [end], at(90), 'other')).toEqual(probing(tripped, 'p'));
    expect(withoutProbe(probing(tripped, 'p'), 'p')).toEqual(tripped);
  });
});
