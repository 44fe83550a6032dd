import { type FailureName, failures } from '../failure.ts';
import type { Job } from '../job/job.ts';
import type { Decision } from '../run/attempt.ts';

/** The longest Retry-After that is respected, in seconds. */
const maxRetryAfterSeconds = 3600;

/** The wait after a first throttle whose provider asks for none, in seconds. It doubles with each attempt, up to the longest. */
const [throttleSeconds, maxThrottleSeconds] = [15, 240];

/** The least wait: what the provider asks for, else more for a throttle than for another failure. */
const leastWait = ({ failure, attempt, retryAfterSeconds }: Failed): number => {
  if (retryAfterSeconds !== undefined) return Math.min(maxRetryAfterSeconds, Math.ceil(retryAfterSeconds));
  return failure === 'ModelThrottled' ? Math.min(maxThrottleSeconds, throttleSeconds * 2 ** (attempt - 1)) : 0;
};

type Failed = {
  failure: FailureName;
  attempt: number;
  retryAfterSeconds?: number | undefined;
  tryAgain?: boolean | undefined;
};

/**
 * Whether another attempt follows a failed one (a `says` failure needs `tryAgain`), and after how many whole seconds: the wait that the provider
 * asks for plus a random part (full jitter) of a bound that grows with each attempt. A throttle without such a wait gets one that grows from 15
 * seconds. `random` is from 0 up to 1.
 */
export const decide = (failed: Failed, retry: Job['retry'], random: number): Decision => {
  const kind = failures[failed.failure];
  const isFinal = kind === 'final' || (kind === 'says' && failed.tryAgain !== true);
  if (isFinal || failed.attempt >= retry.attempts) return { status: 'give-up' };
  const bound = Math.min(retry.maxDelaySeconds, retry.firstDelaySeconds * retry.factor ** (failed.attempt - 1));
  return { status: 'retry', delaySeconds: leastWait(failed) + Math.round(random * bound) };
};
