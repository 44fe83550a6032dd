import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { longestRunSeconds } from '../../lib/policy/lease.ts';
import { job } from '../kit/job.ts';

const Retrier = z.object({
  ErrorEquals: z.array(z.string()),
  IntervalSeconds: z.number(),
  MaxAttempts: z.number(),
  BackoffRate: z.number(),
  MaxDelaySeconds: z.number(),
  JitterStrategy: z.string(),
});
const Machine = z.object({
  States: z.record(z.string(), z.object({ Type: z.string(), Retry: z.array(Retrier).optional() })),
});

const tasks = Object.entries(Machine.parse(JSON.parse(readFileSync('infra/run.asl.json', 'utf8'))).States).filter(
  ([, { Type }]) => Type === 'Task',
);

/** The longest that a retrier waits in all, in seconds. Full jitter waits half of it on average. */
const patience = ({ IntervalSeconds, MaxAttempts, BackoffRate, MaxDelaySeconds }: z.infer<typeof Retrier>): number =>
  Array.from({ length: MaxAttempts }, (_, at) => Math.min(MaxDelaySeconds, IntervalSeconds * BackoffRate ** at)).reduce(
    (sum, wait) => sum + wait,
    0,
  );

describe('a function that Lambda throttles', () => {
  it.each(tasks)(
    'is called again for about half an hour by the state %s, before any other retrier counts',
    (_, { Retry = [] }) => {
      const [first] = Retry;
      expect(first?.ErrorEquals).toEqual(['Lambda.TooManyRequestsException']);
      expect(first?.JitterStrategy).toBe('FULL');
      expect(first && patience(first)).toBeGreaterThan(3000);
      expect(first && patience(first)).toBeLessThanOrEqual(3600);
    },
  );

  it('does not outlive the lease of its run', () => {
    const once = job({ retry: { attempts: 1 }, limits: { seconds: 100 } });
    expect(longestRunSeconds(once)).toBe(100 + 900 + 3600);
  });
});
