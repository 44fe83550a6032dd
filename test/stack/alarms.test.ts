import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { describe, expect, it, vi } from 'vitest';
import { functionNames } from '../../infra/package/build.ts';
import { alarmNames, alarms } from '../../infra/stack/alarms.ts';
import { dashboard } from '../../infra/stack/dashboard.ts';
import { powertoolsObserver } from '../../lib/io/aws/observer.ts';
import { Job } from '../../lib/job/job.ts';
import { Attempt } from '../../lib/run/attempt.ts';
import { Run } from '../../lib/run/run.ts';
import { Step } from '../../lib/run/step.ts';

type Emitted = {
  _aws: { CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string }[] }[] };
};

const at = '2026-11-22T07:00:10.000Z';
const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0.1 };
const job = Job.parse({ name: 'j', schedule: { rate: '1 day' }, prompt: 'p', model: 'scripted/x' });
const run = Run.parse({
  id: 'j_20261122T070000Z',
  slot: '2026-11-22T07:00:00Z',
  job,
  startedAt: at,
  outcome: null,
  version: 1,
});
const crash = { failure: 'Crash', message: 'm', usage, endedAt: at, decision: { status: 'give-up' } };
const attempt = Attempt.parse({ runId: run.id, number: 1, startedAt: at, failed: crash, version: 2 });
const messages = [{ role: 'assistant', content: [{ type: 'text', text: 'done' }] }];
const step = Step.parse({ number: 1, messages, calls: [], usage, startedAt: at, modelMs: 1, toolMs: 0 });

/** Every metric of the service with each set of its dimensions, as `RunFailed service,job`. */
const emitted = (): Set<string> => {
  const lines: string[] = [];
  vi.stubEnv('POWERTOOLS_DEV', 'true');
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
  const log = vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  const observer = powertoolsObserver(
    new Logger({ logLevel: 'SILENT' }),
    new Metrics({ namespace: 'Nightshift', serviceName: 'nightshift' }),
    () => new Date(at),
  );
  observer.runRecorded(run);
  observer.runRecorded({ ...run, outcome: { status: 'skipped', why: 'late', usage, endedAt: at } });
  observer.stepCommitted(run, 1, step);
  observer.attemptClosed(run, attempt);
  observer.runSettled({ ...run, outcome: { status: 'succeeded', steps: 1, attempts: 1, usage, endedAt: at } });
  observer.runSettled({
    ...run,
    outcome: { status: 'failed', failure: 'Crash', message: 'm', attempts: 1, usage, endedAt: at },
  });
  observer.runRecorded({ ...run, outcome: { status: 'missed', message: 'm', usage, endedAt: at } });
  const found = {
    missed: [],
    closed: { from: run.slot, to: run.slot },
    covered: [],
    started: [run.slot],
    left: undefined,
    drift: ['d'],
    stale: true,
  };
  observer.jobChecked(job, { ...found, mended: [{ run: run.id, was: 'dead' }] });
  observer.allJobsChecked();
  observer.breakerOpened(run, { failuresInARow: 3, nextProbeAt: at });
  log.mockRestore();
  vi.unstubAllEnvs();
  const metrics = lines.map((line): Emitted => JSON.parse(line)).flatMap(({ _aws }) => _aws.CloudWatchMetrics);
  return new Set(
    metrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
      Metrics.flatMap(({ Name }) => Dimensions.map((names) => `${Namespace} ${Name} ${names.join(',')}`)),
    ),
  );
};

/** The own metrics of every alarm, in the same form. */
const awaited = (): string[] =>
  Object.values(alarms(''))
    .map((resource) => Object(resource).Properties)
    .filter(({ Namespace }) => Namespace === 'Nightshift')
    .map(
      ({ MetricName, Dimensions }) =>
        `Nightshift ${MetricName} ${Dimensions.map(({ Name }: { Name: string }) => Name).join(',')}`,
    );

/** The metrics of which an alarm has a state for each job, in the same form. */
const awaitedByJob = (): string[] =>
  Object.values(alarms('')).flatMap((resource) => {
    const [{ Expression = '' } = {}] = Object(resource).Properties.Metrics ?? [];
    const [, metric, namespace, schema = ''] =
      /^SELECT SUM\((\w+)\) FROM SCHEMA\((\w+), (.+)\) WHERE service = '.+' GROUP BY job /.exec(Expression) ?? [];
    return metric ? [`${namespace} ${metric} ${schema.replaceAll(', ', ',')}`] : [];
  });

type Drawn = (string | { expression?: string })[];
const body = () => JSON.parse(Object(dashboard()).Dashboard.Properties.DashboardBody['Fn::Sub']);
const lines = (): Drawn[] =>
  body().widgets.flatMap((widget: { properties: { metrics?: Drawn[] } }) => widget.properties.metrics ?? []);

/** The own metrics of the dashboard, in the same form. */
const drawn = (): string[] =>
  lines().flatMap(([first, name, ...rest]) => {
    if (first === 'Nightshift') {
      const words = rest.filter((part) => typeof part === 'string');
      return [`Nightshift ${name} ${words.filter((_, place) => place % 2 === 0).join(',')}`];
    }
    const [, namespace, dimensions, metric] =
      /{(\w+),([\w,]+)} MetricName="(\w+)"/.exec(Object(first).expression ?? '') ?? [];
    return metric ? [`${namespace} ${metric} ${dimensions}`] : [];
  });

describe('every watched metric', () => {
  it('is emitted with the same dimensions: otherwise its alarm would never ring', () => {
    const there = emitted();
    expect(awaited()).toEqual(['Nightshift WatchmanLooked service']);
    expect(awaitedByJob()).toEqual(
      ['RunFailed', 'MissedSlots', 'StuckRuns', 'Stale', 'BreakerOpened', 'Drift'].map(
        (metric) => `Nightshift ${metric} service,job`,
      ),
    );
    expect([...awaited(), ...awaitedByJob(), ...drawn()].filter((metric) => !there.has(metric))).toEqual([]);
    expect(new Set(drawn().map((metric) => metric.split(' ')[1]))).toEqual(
      new Set([
        'RunStarted',
        'RunSucceeded',
        'RunFailed',
        'RunSkipped',
        'AttemptFailed',
        'StepDuration',
        'DispatchDelay',
        'Tokens',
        'CostUSD',
        'MissedSlots',
        'CaughtUp',
        'StuckRuns',
        'Drift',
        'Stale',
        'BreakerOpened',
        'WatchmanLooked',
      ]),
    );
  });
});

describe('a healthy job', () => {
  it('has no metric of its own, which would cost more than its runs', () => {
    const wrong = [
      'AttemptFailed',
      'RunFailed',
      'MissedSlots',
      'CaughtUp',
      'StuckRuns',
      'Drift',
      'Stale',
      'BreakerOpened',
    ];
    const own = [...emitted()].filter((metric) => metric.endsWith('service,job')).map((metric) => metric.split(' ')[1]);
    expect(own.toSorted()).toEqual(wrong.toSorted());
  });
});

describe('the dashboard', () => {
  it('searches for what is wrong by job, and shows every alarm', () => {
    const searched = lines().flatMap(
      ([line]) => /service,job} MetricName="(\w+)"/.exec(Object(line).expression ?? '')?.[1] ?? [],
    );
    expect(searched).toEqual(['RunFailed', 'MissedSlots', 'BreakerOpened']);
    const errors = lines().filter(([namespace, metric]) => namespace === 'AWS/Lambda' && metric === 'Errors');
    expect(errors.map((line) => line[3])).toEqual(functionNames.map((name) => `nightshift-\${sls:stage}-${name}`));
    expect(body().widgets[0].properties.alarms).toEqual(alarmNames.map((name) => `\${${name}Alarm.Arn}`));
  });

  it('has 24 columns of widgets, without overlap', () => {
    const taken = new Set<string>();
    for (const { x, y, width, height } of body().widgets) {
      expect(x + width).toBeLessThanOrEqual(24);
      for (let column = x; column < x + width; column++) {
        for (let row = y; row < y + height; row++) {
          expect(taken.has(`${column} ${row}`)).toBe(false);
          taken.add(`${column} ${row}`);
        }
      }
    }
  });
});

describe('an alarm', () => {
  it('without data is OK, but keeps its state for the dead letters and rings for the watchman', () => {
    const missing = Object.entries(alarms('')).map(([id, resource]) => [
      id,
      Object(resource).Properties.TreatMissingData,
    ]);
    const others = missing.filter(([, treatment]) => treatment !== undefined && treatment !== 'notBreaching');
    expect(others).toEqual([
      ['WatchmanStoppedAlarm', 'breaching'],
      ['DeadLettersWaitingAlarm', 'ignore'],
    ]);
    expect(missing).toHaveLength(alarmNames.length + 1);
  });

  it('rings at the first failure, at lasting drift, and when the watchman is silent for three periods', () => {
    const rings = (name: string) => {
      const properties = Object(alarms('')[`${name}Alarm`]).Properties;
      const { Threshold, ComparisonOperator, EvaluationPeriods, DatapointsToAlarm } = properties;
      const [query] = properties.Metrics ?? [];
      const [period, sums] = query
        ? [query.Period, query.Expression.startsWith('SELECT SUM(')]
        : [properties.Period, properties.Statistic === 'Sum'];
      expect([Threshold, period, sums], name).toEqual([1, 300, true]);
      return [ComparisonOperator, DatapointsToAlarm, EvaluationPeriods];
    };
    for (const name of ['RunFailed', 'MissedSlots', 'StuckRuns', 'Stale', 'BreakerOpened', 'WatchmanFailed'])
      expect(rings(name), name).toEqual(['GreaterThanOrEqualToThreshold', 1, 1]);
    for (const name of ['Drift', 'WatchmanThrottled'])
      expect(rings(name), name).toEqual(['GreaterThanOrEqualToThreshold', 2, 3]);
    expect(rings('WatchmanStopped')).toEqual(['LessThanThreshold', 3, 3]);
  });

  it('watches every fault that could stop the watchman or lose its wake-up', () => {
    const watched = ['WatchmanFailed', 'WatchmanStopped', 'WatchmanThrottled', 'WatchmanEventLost', 'WakeUpLost'];
    expect(alarmNames).toEqual(expect.arrayContaining(watched));
    expect(alarms('')).toMatchObject({
      WakeUpLostAlarm: { Properties: { Dimensions: [{ Value: { Ref: 'WakeUp' } }] } },
    });
  });

  it('of the table counts missing data as zero, because DynamoDB reports no zeros', () => {
    const table = Object.values(alarms('')).filter((resource) => JSON.stringify(resource).includes('AWS/DynamoDB'));
    expect(table).toHaveLength(4);
    for (const resource of table) expect(Object(resource).Properties.Metrics[1].Expression).toBe('FILL(count, 0)');
  });

  it('has no e-mail subscription where no address is given', () => {
    expect(Object.keys(alarms(''))).not.toContain('AlarmEmail');
    expect(alarms('a@example.com')).toMatchObject({
      AlarmEmail: { Properties: { Protocol: 'email', Endpoint: 'a@example.com' } },
    });
  });
});
