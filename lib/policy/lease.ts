import * as z from 'zod';
import type { Job } from '../job/job.ts';
import { Skip } from '../run/outcome.ts';

/** The place of an open run in its job's state. A run still open after its lease's `until` is stuck, and the watchman ends it. */
export const Lease = z.looseObject({
  run: z.string(),
  from: z.string(),
  until: z.string(),
  /** Whether the run holds the job, so that the next slot waits or is skipped. A manual run does not. */
  holds: z.boolean(),
  /** For a run that was queued: the run whose end it waited for. */
  after: z.string().nullable(),
  /** Why a run that left the queue is skipped. It is never started, and its lease lasts until the skip is recorded. */
  skip: Skip.optional(),
});
export type Lease = z.infer<typeof Lease>;

/** The longest last invocation of an attempt, in seconds: Lambda's limit. */
const lastInvocationSeconds = 900;
/** The longest that the state machine waits for free concurrency at Lambda, in seconds: the retries of infra/run.asl.json. */
const longestThrottleSeconds = 3600;
/** The longest Retry-After that triage respects, in seconds. */
const longestRetryAfterSeconds = 3600;

/** The longest that a run of the job can take, in seconds. A run still open then is stuck. */
export const longestRunSeconds = ({ limits, retry, spreadSeconds }: Job): number =>
  spreadSeconds +
  retry.attempts * (limits.seconds + lastInvocationSeconds + longestThrottleSeconds) +
  (retry.attempts - 1) * (longestRetryAfterSeconds + retry.maxDelaySeconds);

/** The lease of a run that starts now. `after` is the run whose end it waited for. */
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

/** The longest that the delivery of a run that left the queue may take to record it, in seconds. */
const recordedWithinSeconds = 3600;

/** The lease of a run that left the queue and is skipped. It does not hold the job. */
export const leavingLease = (run: string, skip: Skip, now: Date): Lease => ({
  run,
  from: now.toJSON(),
  until: new Date(now.getTime() + recordedWithinSeconds * 1000).toJSON(),
  holds: false,
  after: null,
  skip,
});

/** The leases, with the run's own starting over now. */
export const renewed = (leases: Lease[], run: Parameters<typeof leaseOf>[0], now: Date): Lease[] =>
  leases.map((lease) => (lease.run === run.id ? leaseOf(run, now, lease.after) : lease));

export const isExpired = ({ until }: Lease, now: Date): boolean => Date.parse(until) <= now.getTime();
