import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Failure } from '../../../lib/failure.ts';
import { powertoolsObserver } from '../../../lib/io/aws/observer.ts';
import { firstInput } from '../../../lib/run/execution.ts';
import type { Finding } from '../../../lib/run/observer.ts';
import type { Outcome } from '../../../lib/run/outcome.ts';
import { noUsage } from '../../../lib/usage.ts';
import { attemptOf, runOf, stepOf, today } from '../../kit/stored.ts';

type Line = Record<string, unknown>;
type Emitted = Line & { _aws: { CloudWatchMetrics: { Dimensions: string[][]; Metrics: { Name: string }[] }[] } };

let logged: Line[] = [];
let emitted: Emitted[] = [];

/** The observer of a stage whose lines are kept, 90 seconds after the slot of `runOf`. */
const observing = () =>
  powertoolsObserver(
    new Logger({ logLevel: 'INFO' }),
    new Metrics({ namespace: 'Nightshift', serviceName: 'nightshift' }),
    () => new Date(today.getTime() + 90_000),
  );

beforeEach(() => {
  logged = [];
  emitted = [];
  vi.stubEnv('POWERTOOLS_DEV', 'true');
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
  const keep = (text: string) => void ('_aws' in JSON.parse(text) ? emitted : logged).push(JSON.parse(text));
  const spies = (['log', 'info', 'warn', 'error'] as const).map((name) =>
    vi.spyOn(console, name).mockImplementation(keep),
  );
  return () => {
    for (const spy of spies) spy.mockRestore();
    vi.unstubAllEnvs();
  };
});

/** The value of each emitted metric: `Tokens` → 3. */
const values = () =>
  Object.fromEntries(
    emitted.flatMap((line) =>
      line._aws.CloudWatchMetrics.flatMap(({ Metrics }) => Metrics.map(({ Name }) => [Name, line[Name]])),
    ),
  );
const dimensions = () => emitted.flatMap(({ _aws }) => _aws.CloudWatchMetrics.flatMap(({ Dimensions }) => Dimensions));

const run = runOf('night');
const ended = { usage: { ...noUsage, inputTokens: 2, outputTokens: 1, usd: 0.5 }, endedAt: today.toJSON() };
const succeeded: Outcome = { status: 'succeeded', attempts: 1, steps: 1, ...ended };
const failed: Outcome = { status: 'failed', failure: 'StepLimit', message: 'a secret', attempts: 1, ...ended };
const nothing: Finding = {
  ...{ missed: [], closed: undefined, covered: [], started: [], left: undefined },
  ...{ mended: [], drift: [], stale: false },
};

describe('a recorded run', () => {
  it('is one log line and one metric line, by service, with its delay', () => {
    observing().runRecorded(run);
    expect(logged).toMatchObject([{ job: 'night', run: run.id, slot: run.slot, delaySeconds: 90 }]);
    expect(values()).toEqual({ RunStarted: 1, DispatchDelay: 90 });
    expect(dimensions()).toEqual([['service']]);
    expect(emitted).toHaveLength(1);
  });

  it('has no delay if it was started by hand, and none below zero', () => {
    observing().runRecorded(runOf('night', { suffix: 'x' }));
    expect(values()).toEqual({ RunStarted: 1 });
    observing().runRecorded(runOf('night', { slot: '2026-11-22T08:00:00Z' }));
    expect(values()).toEqual({ RunStarted: 1, DispatchDelay: 0 });
  });

  it.each<[Outcome, string]>([
    [{ status: 'skipped', why: 'late', ...ended }, 'RunSkipped'],
    [{ status: 'missed', message: 'm', ...ended }, 'MissedSlots'],
  ])('that never began is counted by its status: %j', (outcome, metric) => {
    observing().runRecorded({ ...run, outcome });
    expect(Object.keys(values())).toEqual([metric, 'DispatchDelay']);
  });
});

describe('a settled run', () => {
  it('counts its success, its tokens and its cost', () => {
    observing().runSettled({ ...run, outcome: succeeded });
    expect(values()).toEqual({ RunSucceeded: 1, Tokens: 3, CostUSD: 0.5 });
    expect(logged).toMatchObject([{ level: 'INFO', run: run.id, status: 'succeeded' }]);
    expect(dimensions()).toEqual([['service']]);
  });

  it('that failed is an error, counted by its failure too, and keeps its message to the table', () => {
    observing().runSettled({ ...run, outcome: failed });
    expect(values()).toMatchObject({ RunFailed: 1 });
    expect(logged).toMatchObject([{ level: 'ERROR', failure: 'StepLimit' }]);
    expect(dimensions()).toEqual([['service'], ['service', 'job'], ['service', 'failure'], ['service']]);
    expect(JSON.stringify(logged)).not.toContain('a secret');
  });

  it('has no cost metric where the cost is unknown', () => {
    observing().runSettled({ ...run, outcome: { ...succeeded, usage: { ...ended.usage, usd: null } } });
    expect(values()).toEqual({ RunSucceeded: 1, Tokens: 3 });
  });

  it('that waited in the queue and was skipped counts as skipped', () => {
    observing().runSettled({ ...run, outcome: { status: 'skipped', why: 'overlap', ...ended } });
    expect(values()).toEqual({ RunSkipped: 1 });
  });
});

describe('an attempt', () => {
  it('logs a step by its tools and how they ended, without arguments and outputs', () => {
    observing().stepCommitted(run, 1, {
      ...stepOf(1, 'a secret output'),
      modelMs: 20,
      toolMs: 3,
    });
    expect(logged).toMatchObject([{ step: 1, tools: ['http_get ok'], attempt: 1 }]);
    expect(values()).toEqual({ StepDuration: 23 });
    expect(JSON.stringify([logged, emitted])).not.toMatch(/a secret output|"number"/);
  });

  it("logs a warning of the model's adapter", () => {
    observing().modelWarned(run, 'temperature: not supported');
    expect(logged).toMatchObject([{ job: run.job.name, run: run.id, warning: 'temperature: not supported' }]);
  });

  it('logs a failure by its name and the safe part of the provider’s error', () => {
    const cause = { name: 'AI_APICallError', status: 429, requestId: 'r', body: 'a secret' };
    observing().attemptFailed(firstInput(run.id), new Failure('ModelThrottled', 'a secret', { cause }));
    expect(logged).toMatchObject([{ failure: 'ModelThrottled', cause: { status: 429, requestId: 'r' } }]);
    expect(JSON.stringify(logged)).not.toContain('a secret');
  });

  it('logs a crash by the frames of its stack, without its message', () => {
    const cause = new TypeError('a secret\nof two lines');
    observing().attemptFailed(firstInput(run.id), new Failure('Crash', 'a secret', { cause }));
    expect(logged[0]?.frames).toContainEqual(expect.stringContaining('observer.test.ts'));
    expect(JSON.stringify(logged)).not.toMatch(/a secret|two lines/);
  });

  it('counts as failed when triage closes it, and not before', () => {
    observing().attemptClosed(run, attemptOf(run.id, 1));
    expect([logged, emitted]).toEqual([[], []]);
    const decision = { status: 'give-up' as const };
    const failure = { failure: 'StepLimit' as const, message: 'a secret', decision, ...ended };
    observing().attemptClosed(run, { ...attemptOf(run.id, 1), failed: failure });
    expect(values()).toEqual({ AttemptFailed: 1 });
    expect(dimensions()).toEqual([['service'], ['service', 'job'], ['service', 'failure']]);
    expect(JSON.stringify(logged)).not.toContain('a secret');
  });

  it('that opens the breaker is an error with the time of the probe', () => {
    observing().breakerOpened(run, { failuresInARow: 3, nextProbeAt: today.toJSON() });
    expect(logged).toMatchObject([{ level: 'ERROR', failuresInARow: 3, nextProbeAt: today.toJSON() }]);
    expect(values()).toEqual({ BreakerOpened: 1 });
  });
});

describe('a check of the watchman', () => {
  it('says nothing of a job where all is well', () => {
    observing().jobChecked(run.job, nothing);
    expect([logged, emitted]).toEqual([[], []]);
  });

  it('logs missed slots, which are counted when they are recorded', () => {
    observing().jobChecked(run.job, { ...nothing, missed: [run.slot] });
    expect(logged).toMatchObject([{ job: 'night', missed: [run.slot] }]);
    expect(emitted).toEqual([]);
  });

  it('counts what it found, and only that', () => {
    const mended: Finding['mended'] = [{ run: run.id, was: 'dead' }];
    observing().jobChecked(run.job, { ...nothing, mended, drift: ['d', 'e'], stale: true });
    expect(values()).toEqual({ StuckRuns: 1, Drift: 2, Stale: 1 });
    expect(logged).toMatchObject([{ mended, drift: ['d', 'e'], stale: true }]);
  });

  it('that failed is an error with its reason, and with the frames of a crash alone', () => {
    const cause = new TypeError('no luck');
    observing().jobCheckFailed(run.job, new Failure('StoreUnavailable', 'table t: gone', { cause }));
    observing().jobCheckFailed(run.job, new Failure('Crash', 'unexpected TypeError', { cause }));
    expect(logged).toMatchObject([
      { level: 'ERROR', failure: 'StoreUnavailable', reason: 'table t: gone' },
      { failure: 'Crash', frames: expect.arrayContaining([expect.stringContaining('observer.test.ts')]) },
    ]);
    expect(logged[0]).not.toHaveProperty('frames');
  });

  it('of all jobs is counted for the alarm that fires without it', () => {
    observing().allJobsChecked();
    expect(values()).toEqual({ WatchmanLooked: 1 });
    expect(dimensions()).toEqual([['service']]);
  });
});
