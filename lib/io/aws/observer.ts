import type { Logger } from '@aws-lambda-powertools/logger';
import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import * as z from 'zod';
import type { Observer } from '../../run/observer.ts';
import { hasRun, type Outcome, type Ran } from '../../run/outcome.ts';
import { runStatus } from '../../run/run.ts';
import { callsOf } from '../../run/step.ts';
import { slotAge } from '../../schedule/slot.ts';
import { tokens, type Usage } from '../../usage.ts';

type Value = [name: string, unit: (typeof MetricUnit)[keyof typeof MetricUnit], value: number];

const spending = (usage: Usage): Value[] => [
  ['Tokens', MetricUnit.Count, tokens(usage)],
  ...(usage.usd === null ? [] : [['CostUSD', MetricUnit.NoUnit, usage.usd] satisfies Value]),
];

/** The part of a provider's error that is safe to log, and enough to ask the provider about it. */
const ProviderError = z.object({
  status: z.number().optional(),
  code: z.string().optional(),
  requestId: z.string().optional(),
});

/** The metric that counts a recorded run, by its status. Runs with any other status count as RunStarted. */
const recordedMetric: Partial<Record<ReturnType<typeof runStatus>, string>> = {
  skipped: 'RunSkipped',
};

/** Where a crash happened: the frames of its stack, without its message, which may contain a prompt or a secret. */
const frames = (thrown: unknown): string[] =>
  thrown instanceof Error ? (thrown.stack ?? '').split('\n').filter((line) => line.startsWith('    at ')) : [];

/**
 * The observer of the deployed service: one structured log line and one EMF line for each event, each metric by service, and by job
 * where something is wrong: a metric costs the same for each job that sends it, so a healthy job has none of its own. Logs names,
 * numbers and failures only: no prompt, reply, argument or tool output.
 */
export const powertoolsObserver = (logger: Logger, metrics: Metrics, now: () => Date): Observer => {
  const emit = (dimensions: Record<string, string>[], values: Value[]): void => {
    if (values.length === 0) return;
    for (const set of [{}, ...dimensions]) metrics.addDimensions(set);
    for (const value of values) metrics.addMetric(...value);
    metrics.publishStoredMetrics();
  };

  /** A run that waited in the queue was skipped. */
  const queuedRunSkipped = (job: string, run: string, { status }: Outcome): void => {
    logger.info('run settled', { job, run, status });
    emit([], [['RunSkipped', MetricUnit.Count, 1]]);
  };

  const runEnded = (job: string, run: string, outcome: Ran): void => {
    const { status, attempts, usage } = outcome;
    if (status === 'succeeded') {
      logger.info('run settled', { job, run, status, attempts, usage });
      emit([], [['RunSucceeded', MetricUnit.Count, 1], ...spending(usage)]);
      return;
    }
    const { failure } = outcome;
    logger.error('run settled', { job, run, status, failure, attempts, usage });
    emit([{ job }, { failure }], [['RunFailed', MetricUnit.Count, 1]]);
    emit([], spending(usage));
  };

  return {
    runRecorded(run) {
      const job = run.job.name;
      const delay = slotAge(run.slot, now());
      logger.info('run recorded', { job, run: run.id, slot: run.slot, status: runStatus(run), delaySeconds: delay });
      const status = runStatus(run);
      const recorded: Value[] =
        status === 'missed' ? [] : [[recordedMetric[status] ?? 'RunStarted', MetricUnit.Count, 1]];
      const waited: Value[] = run.suffix ? [] : [['DispatchDelay', MetricUnit.Seconds, Math.max(0, delay)]];
      if (status === 'missed') emit([{ job }], [['MissedSlots', MetricUnit.Count, 1]]);
      emit([], [...recorded, ...waited]);
    },

    runSettled({ id, job: { name }, outcome }) {
      if (hasRun(outcome)) runEnded(name, id, outcome);
      else queuedRunSkipped(name, id, outcome);
    },

    stepCommitted(run, attempt, step) {
      const job = run.job.name;
      const tools = callsOf(step).map(({ call, status }) => `${call.toolName} ${status}`);
      const { number, usage, modelMs, toolMs } = step;
      logger.appendKeys({ step: number });
      logger.info('step committed', { job, run: run.id, attempt, tools, modelMs, toolMs, usage });
      emit([], [['StepDuration', MetricUnit.Milliseconds, modelMs + toolMs]]);
    },

    modelWarned(run, warning) {
      logger.warn('model warning', { job: run.job.name, run: run.id, warning });
    },

    // The failure's message stays in the table: a provider may quote the prompt in it.
    attemptFailed({ runId, attempt }, { name, cause }) {
      const where = name === 'Crash' ? { frames: frames(cause) } : { cause: ProviderError.safeParse(cause).data };
      logger.warn('attempt failing', { run: runId, attempt, failure: name, ...where });
    },

    attemptClosed(run, { number, failed }) {
      if (!failed) return;
      const job = run.job.name;
      const { failure, decision, usage } = failed;
      logger.warn('attempt failed', { job, run: run.id, attempt: number, failure, decision, usage });
      emit([{ job }, { failure }], [['AttemptFailed', MetricUnit.Count, 1]]);
    },

    breakerOpened(run, { failuresInARow, nextProbeAt }) {
      const job = run.job.name;
      logger.error('breaker open', { job, run: run.id, failuresInARow, nextProbeAt });
      emit([{ job }], [['BreakerOpened', MetricUnit.Count, 1]]);
    },

    /** Logs nothing for a job where all is well. */
    jobChecked({ name: job }, { missed, closed, covered, started, mended, drift, stale }) {
      const found = { missed, closed, caughtUp: started, standsFor: covered, mended, drift, stale };
      const counts: Value[] = [
        // Slots that are recorded one by one count where they are recorded.
        ['MissedSlots', MetricUnit.Count, closed ? 1 : 0],
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

    jobCheckFailed({ name: job }, { name, message, cause }) {
      const where = name === 'Crash' ? { frames: frames(cause) } : {};
      logger.error('watchman could not look', { job, failure: name, reason: message, ...where });
    },

    /** The watchman's alarm counts this metric: it fires when the metric is missing. */
    allJobsChecked() {
      emit([], [['WatchmanLooked', MetricUnit.Count, 1]]);
    },
  };
};
