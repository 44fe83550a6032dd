import { describe, expect, test } from 'vitest';
import { drift } from '../../lib/watch/deployed-schedule.ts';
import { deploymentOf } from '../kit/deployment.ts';
import { job } from '../kit/job.ts';

const now = new Date('2026-11-22T07:00:00Z');
const bounded = { rate: '1 hour', start: '2026-11-01T00:00:00', end: '2027-01-01T00:00:00' };
const of = (fields: Record<string, unknown>, change: Parameters<typeof deploymentOf>[2] = {}) => {
  const declared = job(fields);
  return drift(declared, deploymentOf(declared, '2026-11-01T00:00:00Z', change), now);
};

describe('a deployed schedule', () => {
  test('does not drift while it equals its job file', () => {
    expect(of({})).toEqual([]);
    expect(of({ schedule: bounded })).toEqual([]);
  });

  test('drifts in each own field, reported with the found and the expected value', () => {
    const change = { expression: 'rate(2 hours)', timezone: 'Asia/Tokyo', end: undefined, enabled: false };
    expect(of({ schedule: bounded }, change)).toEqual([
      'the schedule is disabled, and the job file says it is not',
      'expression: found rate(2 hours), expected rate(1 hour)',
      'timezone: found Asia/Tokyo, expected UTC',
      'end: found none, expected 2027-01-01T00:00:00.000Z',
    ]);
  });

  test('may lack a start that has passed, but not a future one', () => {
    expect(of({ schedule: bounded }, { start: undefined })).toEqual([]);
    const ahead = { ...bounded, start: '2026-12-01T00:00:00' };
    expect(of({ schedule: ahead }, { start: undefined })).toEqual([
      'start: found none, expected 2026-12-01T00:00:00.000Z',
    ]);
  });

  test('drifts when it is missing, unless its job is disabled or over', () => {
    expect(drift(job(), undefined, now)).toEqual(['the schedule is missing']);
    expect(drift(job({ enabled: false }), undefined, now)).toEqual([]);
    expect(drift(job({ schedule: { at: '2026-11-01T00:00:00' } }), undefined, now)).toEqual([]);
  });

  test('drifts for a disabled job only while it is enabled', () => {
    expect(of({ enabled: false })).toEqual(['the schedule is enabled, and the job file says enabled: false']);
    expect(of({ enabled: false }, { enabled: false, expression: 'rate(2 hours)' })).toEqual([]);
  });
});
