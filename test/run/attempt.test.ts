import { describe, expect, it } from 'vitest';
import { Attempt, AttemptFailure, AttemptInput, Decision } from '../../lib/run/attempt.ts';
import { firstInput } from '../../lib/run/execution.ts';
import { noUsage } from '../../lib/usage.ts';

const id = 'night_20261122T070000Z';
const failed = {
  failure: 'ModelUnavailable',
  message: 'overloaded',
  usage: noUsage,
  endedAt: '2026-11-22T07:00:09.000Z',
  decision: { status: 'retry', delaySeconds: 2 },
};
const attempt = { runId: id, number: 1, startedAt: '2026-11-22T07:00:05.000Z', failed: null, version: 1 };

describe('an attempt', () => {
  it('is open without a failure, and closed by a failure with its decision', () => {
    expect(Attempt.parse(attempt)).toEqual(attempt);
    expect(Attempt.parse({ ...attempt, failed, version: 2 }).failed).toEqual(failed);
  });

  it.each([
    ['the number 0', { number: 0 }],
    ['a version that no claim has', { version: 0 }],
    ['no word on whether it failed', { failed: undefined }],
    ['a field that no version of ours writes', { outcome: null }],
  ])('with %s is damaged', (_, change) => {
    expect(Attempt.safeParse({ ...attempt, ...change }).success).toBe(false);
  });
});

describe('the failure of an attempt', () => {
  it.each([
    ['a name outside the table', { failure: 'Timeout' }],
    ['no decision', { decision: undefined }],
    ['a decision without a wait', { decision: { status: 'retry' } }],
    ['no cost', { usage: undefined }],
  ])('with %s is damaged', (_, change) => {
    expect(AttemptFailure.safeParse({ ...failed, ...change }).success).toBe(false);
  });
});

describe('a decision', () => {
  it('waits whole seconds before a retry, or gives up without a wait', () => {
    const isDecision = (value: unknown) => Decision.safeParse(value).success;
    expect(isDecision({ status: 'retry', delaySeconds: 0 })).toBe(true);
    expect(isDecision({ status: 'give-up' })).toBe(true);
    for (const delaySeconds of [-1, 0.5, '2', Number.POSITIVE_INFINITY])
      expect(isDecision({ status: 'retry', delaySeconds }), String(delaySeconds)).toBe(false);
    expect(isDecision({ status: 'give-up', delaySeconds: 2 })).toBe(false);
  });
});

describe('the state data of an attempt', () => {
  it('starts at version 0 and carries the note of the previous failure', () => {
    expect(AttemptInput.parse(firstInput(id))).toEqual(firstInput(id));
    const later = { ...firstInput(id), attempt: 2, version: 3, note: 'EmptyReply' };
    expect(AttemptInput.parse(later)).toEqual(later);
  });

  it.each([
    ['a prompt', { prompt: 'Go.' }],
    ['a note in words', { note: 'the model said nothing' }],
    ['the attempt 0', { attempt: 0 }],
    ['a negative version', { version: -1 }],
    ['a cost of less than nothing', { spent: { ...noUsage, usd: -1 } }],
  ])('with %s is rejected', (_, change) => {
    expect(AttemptInput.safeParse({ ...firstInput(id), ...change }).success).toBe(false);
  });
});
