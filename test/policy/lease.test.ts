import { describe, expect, test } from 'vitest';
import { isExpired, Lease, leaseOf, leavingLease, longestRunSeconds, renewed } from '../../lib/policy/lease.ts';
import { job } from '../kit/job.ts';

const now = new Date('2026-11-22T07:00:05Z');
const later = new Date('2026-11-22T07:30:00Z');
const report = job();
const run = { id: 'report_20261122T070000Z', job: report };

describe('a lease', () => {
  test('lasts as long as a run can take at most', () => {
    const long = job({
      spreadSeconds: 600,
      limits: { seconds: 1000 },
      retry: { attempts: 3, maxDelaySeconds: 100 },
    });
    const seconds = 600 + 3 * (1000 + 900 + 3600) + 2 * (3600 + 100);
    expect(longestRunSeconds(long)).toBe(seconds);
    const { from, until } = leaseOf({ id: 'r', job: long }, now);
    expect(Date.parse(until) - Date.parse(from)).toBe(seconds * 1000);
    const longest = job({
      spreadSeconds: 3600,
      limits: { seconds: 14_400 },
      retry: { attempts: 10, maxDelaySeconds: 3600 },
    });
    // The lease must not outlive the execution, which ends after three days.
    expect(longestRunSeconds(longest)).toBeLessThan(259_200);
  });

  test('holds the job, unless a person started its run', () => {
    expect(leaseOf(run, now)).toMatchObject({ run: run.id, from: now.toJSON(), holds: true, after: null });
    expect(leaseOf({ ...run, suffix: 'now' }, now).holds).toBe(false);
  });

  test('names the run whose release let its own run start', () => {
    expect(leaseOf(run, now, 'earlier').after).toBe('earlier');
  });

  test('expires at its last instant, and not a millisecond before', () => {
    const lease = leaseOf(run, now);
    const until = Date.parse(lease.until);
    expect(isExpired(lease, new Date(until - 1))).toBe(false);
    expect(isExpired(lease, new Date(until))).toBe(true);
  });

  test('lasts its full time again when it restarts, keeps its predecessor, and leaves other leases alone', () => {
    const others = [leaseOf({ ...run, id: 'a' }, now), leaseOf({ ...run, id: 'b' }, now)];
    const [first, second] = others;
    const leases = renewed([first, leaseOf(run, now, 'earlier'), second] as Lease[], run, later);
    expect(leases).toEqual([first, leaseOf(run, later, 'earlier'), second]);
    expect(renewed(others, run, later)).toEqual(others);
  });

  test('is read together with fields that a later version added', () => {
    const lease = { ...leaseOf(run, now), shard: 3 };
    expect(Lease.parse(lease)).toEqual(lease);
  });
});

describe('the lease of a queued run that is skipped', () => {
  test('holds nothing, gives the reason, and lasts an hour for its delivery to record the skip', () => {
    const lease = leavingLease(run.id, { why: 'overlap', by: 'newer' }, now);
    expect(lease).toMatchObject({ run: run.id, holds: false, after: null, skip: { why: 'overlap', by: 'newer' } });
    expect(Date.parse(lease.until) - Date.parse(lease.from)).toBe(3_600_000);
    expect(Lease.parse(lease)).toEqual(lease);
  });
});
