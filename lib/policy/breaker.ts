import * as z from 'zod';
import type { FailureName } from '../failure.ts';
import type { Job } from '../job/job.ts';
import type { Outcome } from '../run/outcome.ts';

/** An open breaker: no run starts until the instant `until`. Then one run may start, as its `probe`. */
export const Breaker = z.strictObject({
  since: z.string(),
  until: z.string(),
  delaySeconds: z.number().positive(),
  probe: z.string().nullable(),
});
export type Breaker = z.infer<typeof Breaker>;

/** A job's health: how many runs in a row succeeded (positive) or failed (negative), and its breaker, null while closed. */
export type Health = { streak: number; breaker: Breaker | null };

/** Failures that say nothing about the job itself: an operator, a newer run or a full account caused them. */
const notItsFault: FailureName[] = ['ExecutionAborted', 'Superseded', 'LambdaThrottled'];

const open = (since: string, delaySeconds: number, now: Date): Breaker => ({
  since,
  until: new Date(now.getTime() + delaySeconds * 1000).toJSON(),
  delaySeconds,
  probe: null,
});

const failing = ({ streak, breaker }: Health, run: string, rule: Job['breaker'], now: Date): Breaker | null => {
  if (rule.failures === 0) return null;
  if (breaker?.probe === run) {
    return open(breaker.since, Math.min(rule.maxDelaySeconds, breaker.delaySeconds * rule.factor), now);
  }
  if (breaker || -streak < rule.failures) return breaker;
  return open(now.toJSON(), rule.firstDelaySeconds, now);
};

/**
 * A job's health after a scheduled run. The breaker opens after `failures` failed runs in a row, stays open longer after each failed probe,
 * and closes on any success.
 */
export const healthAfter = (
  health: Health,
  { run, outcome }: { run: string; outcome: Outcome },
  rule: Job['breaker'],
  now: Date,
): Health => {
  if (outcome.status === 'succeeded') return { streak: Math.max(0, health.streak) + 1, breaker: null };
  if (outcome.status === 'failed' && !notItsFault.includes(outcome.failure)) {
    const streak = Math.min(0, health.streak) - 1;
    return { streak, breaker: failing({ ...health, streak }, run, rule, now) };
  }
  return withoutProbe(health, run);
};

/** The health after a run that says nothing about the job. If it was the probe, another run may be. */
export const withoutProbe = ({ streak, breaker }: Health, run: string): Health => ({
  streak,
  breaker: breaker?.probe === run ? { ...breaker, probe: null } : breaker,
});

/** Why the breaker forbids a start now, in words. Undefined where it is closed or turned off, or a probe is due. */
export const heldBack = ({ streak, breaker }: Health, rule: Job['breaker'], now: Date): string | undefined => {
  if (!breaker || rule.failures === 0) return undefined;
  const because = `the breaker is open since ${breaker.since}, after ${-streak} failed runs in a row`;
  if (breaker.probe !== null) return `${because}; ${breaker.probe} is its probe`;
  return now.getTime() < Date.parse(breaker.until) ? `${because}; the next probe is at ${breaker.until}` : undefined;
};
