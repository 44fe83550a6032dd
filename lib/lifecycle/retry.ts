import { type FailureName, failures } from '../failure.ts';
import type { Job } from '../job/job.ts';
import type { Decision } from '../run/attempt.ts';

/** The longest Retry-After that is respected, in seconds. */
const maxRetryAfterSeconds = 3600;

/**
 * Whether another attempt follows a failed one, and after how many whole seconds: the provider's Retry-After plus a random part (full
 * jitter) of a bound that grows with each attempt. `random` is from 0 up to 1.
 */
export const decide = (
  failed: { failure: FailureName; attempt: number; retryAfterSeconds?: number | undefined },
  retry: Job['retry'],
  random: number,
): Decision => {
  if (failures[failed.failure] === 'final' || failed.attempt >= retry.attempts) return { status: 'give-up' };
  const bound = Math.min(retry.maxDelaySeconds, retry.firstDelaySeconds * retry.factor ** (failed.attempt - 1));
  const asked = Math.min(maxRetryAfterSeconds, Math.ceil(failed.retryAfterSeconds ?? 0));
  return { status: 'retry', delaySeconds: asked + Math.round(random * bound) };
};
