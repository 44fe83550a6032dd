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
  test('that is as its job file says does not differ', () => {
    expect(of({})).toEqual([]);
    expect(of({ schedule: bounded })).toEqual([]);
  });

  test('differs in each field of its own, with what was found and what was expected', () => {
    const change = { expression: 'rate(2 hours)', timezone: 'Asia/Tokyo', end: undefined, enabled: false };
    expect(of({ schedule: bounded }, change)).toEqual([
      'the schedule is disabled, and the job file says it is not',
      'expression: found rate(2 hours), expected rate(1 hour)',
      'timezone: found Asia/Tokyo, expected UTC',
      'end: found none, expected 2027-01-01T00:00:00.000Z',
    ]);
  });

  test('may lack a start that has passed, and must have one that is to come', () => {
    expect(of({ schedule: bounded }, { start: undefined })).toEqual([]);
    const ahead = { ...bounded, start: '2026-12-01T00:00:00' };
    expect(of({ schedule: ahead }, { start: undefined })).toEqual([
      'start: found none, expected 2026-12-01T00:00:00.000Z',
    ]);
  });

  test('is missing, unless its job is disabled or over', () => {
    expect(drift(job(), undefined, now)).toEqual(['the schedule is missing']);
    expect(drift(job({ enabled: false }), undefined, now)).toEqual([]);
    expect(drift(job({ schedule: { at: '2026-11-01T00:00:00' } }), undefined, now)).toEqual([]);
  });

  test('of a disabled job differs only while it is enabled', () => {
    expect(of({ enabled: false })).toEqual(['the schedule is enabled, and the job file says enabled: false']);
    expect(of({ enabled: false }, { enabled: false, expression: 'rate(2 hours)' })).toEqual([]);
  });
});
