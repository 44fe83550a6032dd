import * as z from 'zod';
import type { Job } from '../job/job.ts';
import { Skip } from '../run/outcome.ts';

/** The place of a run that is not accounted for yet. A run that is still open when its lease is over is stuck, and ended. */
export const Lease = z.looseObject({
  run: z.string(),
  from: z.string(),
  until: z.string(),
  /** Whether it stands in the way of the next slot. One that a person started does not. */
  holds: z.boolean(),
  /** The run whose end let it start, where it had to wait for one. */
  after: z.string().nullable(),
  /** Why a run that waited is not made: it has its place only until that is recorded, and is never started. */
  skip: Skip.optional(),
});
export type Lease = z.infer<typeof Lease>;

/** An attempt's last invocation may be as long as Lambda allows, and may have to wait for a place, in seconds. */
const lastInvocationSeconds = 1200;
/** A provider's Retry-After is waited for, up to this, in seconds. */
const longestRetryAfterSeconds = 3600;

/** How long a run of the job can take at the very most, in seconds: one that is still open then is stuck. */
export const longestRunSeconds = ({ limits, retry, spreadSeconds }: Job): number =>
  spreadSeconds +
  retry.attempts * (limits.seconds + lastInvocationSeconds) +
  (retry.attempts - 1) * (longestRetryAfterSeconds + retry.maxDelaySeconds);

/** The lease of a run that may start now. */
export const leaseOf = (
  run: { id: string; job: Job; suffix?: string | undefined },
  now: Date,
  after: string | null = null,
): Lease => ({
  run: run.id,
  from: now.toJSON(),
  until: new Date(now.getTime() + longestRunSeconds(run.job) * 1000).toJSON(),
  holds: run.suffix === undefined,
  after,
});

/** How long the delivery of a run that leaves the queue may still be about to record it, at the very most, in seconds. */
const recordedWithinSeconds = 3600;

/** The lease of a run that waited and is not made. It stands in nobody's way. */
export const leavingLease = (run: string, skip: Skip, now: Date): Lease => ({
  run,
  from: now.toJSON(),
  until: new Date(now.getTime() + recordedWithinSeconds * 1000).toJSON(),
  holds: false,
  after: null,
  skip,
});

/** The leases with that of a run begun anew. */
export const renewed = (leases: Lease[], run: Parameters<typeof leaseOf>[0], now: Date): Lease[] =>
  leases.map((lease) => (lease.run === run.id ? leaseOf(run, now, lease.after) : lease));

export const isExpired = ({ until }: Lease, now: Date): boolean => Date.parse(until) <= now.getTime();
