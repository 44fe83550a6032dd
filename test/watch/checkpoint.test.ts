import { describe, expect, test } from 'vitest';
import { Checkpoint } from '../../lib/watch/checkpoint.ts';
import { checkpointOf } from '../kit/stored.ts';

const checkpoint = checkpointOf('report');

describe('a checkpoint', () => {
  test('is read together with fields that a later version added', () => {
    const later = { ...checkpoint, schedule: { every: '2 weeks', timezone: 'UTC' }, deliveries: 3 };
    expect(Checkpoint.parse(later)).toEqual(later);
  });

  test('has no schedule where the job is disabled', () => {
    expect(Checkpoint.parse({ ...checkpoint, schedule: null }).schedule).toBeNull();
  });

  test.each([
    ['an instant that is no slot as accounted for', { accountedUpTo: '2026-11-22T07:00:00.000Z' }],
    ['a schedule without a time zone', { schedule: { rate: '1 hour' } }],
    ['an anchor that is neither confirmed nor not', { anchor: { at: checkpoint.accountedUpTo } }],
    ['no word on drift', { driftSince: undefined }],
    ['the version 0', { version: 0 }],
  ])('is damaged if it has %s', (_, change) => {
    expect(Checkpoint.safeParse({ ...checkpoint, ...change }).success).toBe(false);
  });
});
