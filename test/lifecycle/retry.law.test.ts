import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FailureName, failures } from '../../lib/failure.ts';
import { Job } from '../../lib/job/job.ts';
import { decide } from '../../lib/lifecycle/retry.ts';
import { Decision } from '../../lib/run/attempt.ts';

const { retry: byDefault } = Job.parse({
  name: 'any',
  schedule: { rate: '1 hour' },
  model: 'scripted/x',
  prompt: 'Go.',
});
const names = Object.keys(failures) as FailureName[];
const retried = names.filter((name) => failures[name] === 'retry');
const failure = fc.constantFrom(...names);
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const retry = fc.record({
  attempts: fc.integer({ min: 1, max: 20 }),
  firstDelaySeconds: fc.double({ min: 0.1, max: 3600, noNaN: true }),
  factor: fc.double({ min: 1, max: 10, noNaN: true }),
  maxDelaySeconds: fc.double({ min: 0.1, max: 86_400, noNaN: true }),
  note: fc.boolean(),
});
const attempt = fc.integer({ min: 1, max: 25 });
const retryAfterSeconds = fc.option(fc.double({ min: 0, max: 1e9, noNaN: true }), { nil: undefined });
const delay = (...args: Parameters<typeof decide>): number | undefined => {
  const decision = decide(...args);
  return decision.status === 'retry' ? decision.delaySeconds : undefined;
};

describe('the retry of a failed attempt', () => {
  it('is made for a transient failure while attempts are left, and for no other', () => {
    fc.assert(
      fc.property(failure, attempt, retry, random, (name, number, policy, luck) => {
        const decision = decide({ failure: name, attempt: number }, policy, luck);
        expect(Decision.parse(decision)).toEqual(decision);
        expect(decision.status).toBe(retried.includes(name) && number < policy.attempts ? 'retry' : 'give-up');
      }),
    );
  });

  it('is made after a failure that says so only where it says yes', () => {
    for (const name of names.filter((other) => failures[other] === 'says')) {
      const status = (tryAgain?: boolean) => decide({ failure: name, attempt: 1, tryAgain }, byDefault, 0).status;
      expect([name, status(true), status(false), status()]).toEqual([name, 'retry', 'give-up', 'give-up']);
      expect(decide({ failure: name, attempt: 4, tryAgain: true }, byDefault, 0).status).toBe('give-up');
    }
    expect(decide({ failure: 'StepLimit', attempt: 1, tryAgain: true }, byDefault, 0).status).toBe('give-up');
    expect(decide({ failure: 'Crash', attempt: 1, tryAgain: false }, byDefault, 0).status).toBe('retry');
  });

  it('waits whole seconds, from none up to the bound of the attempt', () => {
    fc.assert(
      fc.property(attempt, retry, random, (number, policy, luck) => {
        const seconds = delay({ failure: 'Crash', attempt: number }, policy, luck);
        if (seconds === undefined) return;
        const bound = Math.min(policy.maxDelaySeconds, policy.firstDelaySeconds * policy.factor ** (number - 1));
        expect(Number.isInteger(seconds)).toBe(true);
        expect(seconds).toBeGreaterThanOrEqual(0);
        expect(seconds).toBeLessThanOrEqual(Math.ceil(bound));
      }),
    );
  });

  it('waits as long or longer after each attempt, with the same luck', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 18 }), retry, random, (number, policy, luck) => {
        const many = { ...policy, attempts: 20 };
        const [one = 0, next = 0] = [number, number + 1].map((n) =>
          delay({ failure: 'Crash', attempt: n }, many, luck),
        );
        expect(next).toBeGreaterThanOrEqual(one);
      }),
    );
  });

  it('waits at least as long as Retry-After, up to an hour', () => {
    fc.assert(
      fc.property(attempt, retry, random, retryAfterSeconds, (number, policy, luck, asked) => {
        const without = delay({ failure: 'ModelUnavailable', attempt: number }, policy, luck);
        const least = without === undefined ? undefined : without + Math.min(3600, Math.ceil(asked ?? 0));
        const failed = { attempt: number, retryAfterSeconds: asked };
        expect(delay({ ...failed, failure: 'ModelUnavailable' }, policy, luck)).toBe(least);
        if (asked !== undefined) expect(delay({ ...failed, failure: 'ModelThrottled' }, policy, luck)).toBe(least);
      }),
    );
  });

  it('waits longer after a throttle than after another failure where the provider names no wait', () => {
    const longest = [1, 2, 3].map((number) => delay({ failure: 'ModelThrottled', attempt: number }, byDefault, 0));
    expect(longest).toEqual([15, 30, 60]);
    expect(delay({ failure: 'ModelThrottled', attempt: 9 }, { ...byDefault, attempts: 10 }, 0)).toBe(240);
    expect(delay({ failure: 'ModelThrottled', attempt: 1, retryAfterSeconds: 0 }, byDefault, 0)).toBe(0);
  });

  it('makes at most four attempts by default, after up to 2, 4 and 8 seconds', () => {
    const longest = [1, 2, 3, 4].map((number) => delay({ failure: 'Crash', attempt: number }, byDefault, 0.999));
    expect(longest).toEqual([2, 4, 8, undefined]);
    expect(delay({ failure: 'Crash', attempt: 1 }, byDefault, 0)).toBe(0);
  });
});
