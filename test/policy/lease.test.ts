import { describe, expect, test } from 'vitest';
import { isExpired, Lease, leaseOf, leavingLease, longestRunSeconds, renewed } from '../../lib/policy/lease.ts';
import { job } from '../kit/job.ts';

const now = new Date('2026-11-22T07:00:05Z');
const later = new Date('2026-11-22T07:30:00Z');
const report = job();
const run = { id: 'report_20261122T070000Z', job: report };

describe('a lease', () => {
  test('is as long as a run can take at the very most', () => {
    const long = job({
      spreadSeconds: 600,
      limits: { seconds: 1000 },
      retry: { attempts: 3, maxDelaySeconds: 100 },
    });
    const seconds = 600 + 3 * (1000 + 1200) + 2 * (3600 + 100);
    expect(longestRunSeconds(long)).toBe(seconds);
    const { from, until } = leaseOf({ id: 'r', job: long }, now);
    expect(Date.parse(until) - Date.parse(from)).toBe(seconds * 1000);
    const longest = job({
      spreadSeconds: 3600,
      limits: { seconds: 14_400 },
      retry: { attempts: 10, maxDelaySeconds: 3600 },
    });
    // The execution itself ends after three days: its lease must not be what outlives it.
    expect(longestRunSeconds(longest)).toBeLessThan(259_200);
  });

  test('holds the job, unless a person started its run', () => {
    expect(leaseOf(run, now)).toMatchObject({ run: run.id, from: now.toJSON(), holds: true, after: null });
    expect(leaseOf({ ...run, suffix: 'now' }, now).holds).toBe(false);
  });

  test('keeps the run whose end let its own run start', () => {
    expect(leaseOf(run, now, 'earlier').after).toBe('earlier');
  });

  test('is over at its last instant, and not a millisecond before', () => {
    const lease = leaseOf(run, now);
    const until = Date.parse(lease.until);
    expect(isExpired(lease, new Date(until - 1))).toBe(false);
    expect(isExpired(lease, new Date(until))).toBe(true);
  });

  test('that begins anew is as long as a first one, still after the same run, and leaves the others alone', () => {
    const others = [leaseOf({ ...run, id: 'a' }, now), leaseOf({ ...run, id: 'b' }, now)];
    const [first, second] = others;
    const leases = renewed([first, leaseOf(run, now, 'earlier'), second] as Lease[], run, later);
    expect(leases).toEqual([first, leaseOf(run, later, 'earlier'), second]);
    expect(renewed(others, run, later)).toEqual(others);
  });

  test('can be stored, and read with what a later version added', () => {
    const lease = { ...leaseOf(run, now), shard: 3 };
    expect(Lease.parse(lease)).toEqual(lease);
  });
});

describe('the lease of a queued run that is skipped', () => {
  test('holds nothing, says why, and lasts an hour, in which its delivery records the skip', () => {
    const lease = leavingLease(run.id, { why: 'overlap', by: 'newer' }, now);
    expect(lease).toMatchObject({ run: run.id, holds: false, after: null, skip: { why: 'overlap', by: 'newer' } });
    expect(Date.parse(lease.until) - Date.parse(lease.from)).toBe(3_600_000);
    expect(Lease.parse(lease)).toEqual(lease);
  });
});
