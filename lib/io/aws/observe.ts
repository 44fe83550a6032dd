import type { Logger } from '@aws-lambda-powertools/logger';
import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import * as z from 'zod';
import type { Failure } from '../../failure.ts';
import type { Job } from '../../job/job.ts';
import type { JobState } from '../../policy/job-state.ts';
import type { Attempt, AttemptInput } from '../../run/attempt.ts';
import { hasRun } from '../../run/outcome.ts';
import { type Run, runStatus } from '../../run/run.ts';
import { callsOf, type Step } from '../../run/step.ts';
import { slotAge } from '../../schedule/slot.ts';
import { tokens, type Usage } from '../../usage.ts';
import type { Finding } from '../../watch/watchman.ts';

type Value = [name: string, unit: (typeof MetricUnit)[keyof typeof MetricUnit], value: number];

const spending = (usage: Usage): Value[] => [
  ['Tokens', MetricUnit.Count, tokens(usage)],
  ...(usage.usd === null ? [] : [['CostUSD', MetricUnit.NoUnit, usage.usd] satisfies Value]),
];

/** What may be said of a provider's error: enough to ask the provider about it. */
const Provider = z.object({
  status: z.number().optional(),
  code: z.string().optional(),
  requestId: z.string().optional(),
});

/** What it is counted as that a run was recorded with its outcome. All others are started. */
const recordedAs: Partial<Record<ReturnType<typeof runStatus>, string>> = {
  skipped: 'RunSkipped',
  missed: 'MissedSlots',
};

/** Where a crash happened: the frames of its stack, without its message, which may hold anything. */
const frames = (thrown: unknown): string[] =>
  thrown instanceof Error ? (thrown.stack ?? '').split('\n').filter((line) => line.startsWith('    at ')) : [];

/**
 * The service's logs and metrics: one structured line and one EMF line for each thing that happened. Names, numbers and
 * failures only: no prompt, reply, argument or tool output. Every metric is there for the service and for the job.
 */
export const observer = (logger: Logger, metrics: Metrics) => {
  const emit = (dimensions: Record<string, string>[], values: Value[]): void => {
    for (const set of [{}, ...dimensions]) metrics.addDimensions(set);
    for (const value of values) metrics.addMetric(...value);
    metrics.publishStoredMetrics();
  };

  /** A run that was recorded before, and waited, was not made. */
  const notRun = (run: Run): void => {
    const { job, id, outcome } = run;
    logger.info('run settled', { job: job.name, run: id, status: outcome?.status });
    emit([{ job: job.name }], [['RunSkipped', MetricUnit.Count, 1]]);
  };

  return {
    /** A run was recorded for a slot. */
    recorded(run: Run, now: Date): void {
      const job = run.job.name;
      const delay = slotAge(run.slot, now);
      logger.info('run recorded', { job, run: run.id, slot: run.slot, status: runStatus(run), delaySeconds: delay });
      const started: Value = [recordedAs[runStatus(run)] ?? 'RunStarted', MetricUnit.Count, 1];
      const waited: Value[] = run.suffix ? [] : [['DispatchDelay', MetricUnit.Seconds, Math.max(0, delay)]];
      emit([{ job }], [started, ...waited]);
    },

    /** A step was committed. */
    committed(run: Run, attempt: number, step: Step): void {
      const job = run.job.name;
      const tools = callsOf(step).map(({ call, status }) => `${call.toolName} ${status}`);
      const { number, usage, modelMs, toolMs } = step;
      logger.appendKeys({ step: number });
      logger.info('step committed', { job, run: run.id, attempt, tools, modelMs, toolMs, usage });
      emit([{ job }], [['StepDuration', MetricUnit.Milliseconds, modelMs + toolMs]]);
    },

    /** An attempt ended in a failure, which its caller is told. Its message stays in the table: a provider may quote the prompt in it. */
    failed({ runId, attempt }: AttemptInput, failure: Failure): void {
      const { name, cause } = failure;
      const where = name === 'Crash' ? { frames: frames(cause) } : { cause: Provider.safeParse(cause).data };
      logger.warn('attempt failing', { run: runId, attempt, failure: name, ...where });
    },

    /** Triage closed a failed attempt. */
    closed(run: Run, { number, failed }: Attempt): void {
      if (!failed) return;
      const job = run.job.name;
      const { failure, decision, usage } = failed;
      logger.warn('attempt failed', { job, run: run.id, attempt: number, failure, decision, usage });
      emit([{ job }, { failure }], [['AttemptFailed', MetricUnit.Count, 1]]);
    },

    /** A run's outcome was recorded. */
    settled(run: Run): void {
      const { outcome } = run;
      const job = run.job.name;
      if (!hasRun(outcome)) {
        notRun(run);
        return;
      }
      const { status, attempts, usage } = outcome;
      const why: Record<string, string> = status === 'failed' ? { failure: outcome.failure } : {};
      logger[status === 'succeeded' ? 'info' : 'error']('run settled', {
        job,
        run: run.id,
        status,
        ...why,
        attempts,
        usage,
      });
      const failure = status === 'failed' ? [why] : [];
      const name = outcome.status === 'failed' ? 'RunFailed' : 'RunSucceeded';
      emit([{ job }, ...failure], [[name, MetricUnit.Count, 1], ...spending(outcome.usage)]);
    },

    /** The watchman has looked at a job. Nothing is said of one where all is well. */
    looked({ name: job }: Job, { missed, covered, started, mended, drift, stale }: Finding): void {
      const found = { missed, caughtUp: started, standsFor: covered, mended, drift, stale };
      const counts: Value[] = [
        ['CaughtUp', MetricUnit.Count, started.length],
        ['StuckRuns', MetricUnit.Count, mended.length],
        ['Drift', MetricUnit.Count, drift.length],
        ['Stale', MetricUnit.Count, stale ? 1 : 0],
      ];
      const wrong = counts.filter(([, , value]) => value > 0);
      if (wrong.length === 0 && missed.length === 0) return;
      logger.warn('watchman found', { job, ...found });
      if (wrong.length > 0) emit([{ job }], wrong);
    },

    /** The watchman could not look at a job. */
    blind({ name: job }: Job, { name, message, cause }: Failure): void {
      const where = name === 'Crash' ? { frames: frames(cause) } : {};
      logger.error('watchman could not look', { job, failure: name, reason: message, ...where });
    },

    /** The watchman has looked at every job. That this was not said is what its own alarm hears. */
    watched(): void {
      emit([], [['WatchmanLooked', MetricUnit.Count, 1]]);
    },

    /** A job's breaker has opened, or opened again after a failed probe: its slots are skipped until the next one. */
    tripped(run: Run, { streak, breaker }: JobState): void {
      const job = run.job.name;
      logger.error('breaker open', { job, run: run.id, failuresInARow: -streak, nextProbeAt: breaker?.until });
      emit([{ job }], [['BreakerOpened', MetricUnit.Count, 1]]);
    },
  };
};
