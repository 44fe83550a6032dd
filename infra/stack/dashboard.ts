import { alarmNames } from './alarms.ts';

/** A metric in a graph, as CloudWatch writes it: namespace, name, pairs of dimension name and value, and drawing options. */
type Line = (string | Record<string, string>)[];

type Graph = { title: string; lines: Line[]; stat?: string; view?: 'bar' };

const service = ['service', 'nightshift-${sls:stage}'];
const own = (name: string, dimensions: string[], draw: Record<string, string> = {}): Line => [
  'Nightshift',
  name,
  ...service,
  ...dimensions,
  draw,
];
const perJob = (name: string, jobs: string[]): Line[] => jobs.map((job) => own(name, ['job', job], { label: job }));
const byFailure = (name: string): Line[] => [
  [
    {
      expression: `SEARCH('{Nightshift,service,failure} MetricName="${name}" service="${service[1]}"', 'Sum')`,
      id: name.toLowerCase(),
    },
  ],
];
const functions = ['dispatch', 'attempt', 'triage', 'settle', 'watchman'];
const lambda = (name: string): Line[] =>
  functions.map((of) => ['AWS/Lambda', name, 'FunctionName', `nightshift-\${sls:stage}-${of}`, { label: of }]);

const graphs = (jobs: string[]): Graph[] => [
  {
    title: 'Runs',
    lines: [
      own('RunStarted', [], { label: 'started' }),
      own('RunSucceeded', [], { label: 'succeeded', color: '#2ca02c' }),
      own('RunFailed', [], { label: 'failed', color: '#d62728' }),
      own('RunSkipped', [], { label: 'skipped', color: '#7f7f7f' }),
    ],
  },
  { title: 'Runs started, by job', lines: perJob('RunStarted', jobs) },
  { title: 'Runs succeeded, by job', lines: perJob('RunSucceeded', jobs) },
  { title: 'Runs failed, by job', lines: perJob('RunFailed', jobs) },
  { title: 'Runs failed, by failure', lines: byFailure('RunFailed'), view: 'bar' },
  { title: 'Attempts failed, by failure', lines: byFailure('AttemptFailed'), view: 'bar' },
  {
    title: 'Step duration (ms)',
    lines: [
      own('StepDuration', [], { stat: 'p50', label: 'p50' }),
      own('StepDuration', [], { stat: 'p95', label: 'p95' }),
    ],
  },
  {
    title: 'Dispatch delay: slot to start (s)',
    lines: [
      own('DispatchDelay', [], { stat: 'p50', label: 'p50' }),
      own('DispatchDelay', [], { stat: 'Maximum', label: 'longest' }),
    ],
  },
  { title: 'Tokens, by job', lines: perJob('Tokens', jobs) },
  { title: 'Cost (USD), by job', lines: perJob('CostUSD', jobs) },
  {
    title: 'Slots missed and caught up',
    lines: [
      own('MissedSlots', [], { label: 'missed', color: '#d62728' }),
      own('CaughtUp', [], { label: 'caught up', color: '#2ca02c' }),
    ],
  },
  {
    title: 'Stuck runs, drift, stale jobs',
    lines: [
      own('StuckRuns', [], { label: 'stuck runs' }),
      own('Drift', [], { label: 'schedules not as declared' }),
      own('Stale', [], { label: 'stale' }),
    ],
  },
  { title: 'Breakers opened, by job', lines: perJob('BreakerOpened', jobs) },
  { title: "The watchman's looks", lines: [own('WatchmanLooked', [], { label: 'looks' })] },
  {
    title: 'Dead letters',
    lines: [['AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'QueueName', 'nightshift-${sls:stage}-dead-letters']],
    stat: 'Maximum',
  },
  { title: 'Lambda errors', lines: lambda('Errors') },
  { title: 'Lambda throttles', lines: lambda('Throttles') },
];

const region = '${AWS::Region}';

const graph = ({ title, lines, stat = 'Sum', view }: Graph, place: number): unknown => ({
  type: 'metric',
  ...{ x: (place % 3) * 8, y: 3 + Math.floor(place / 3) * 6, width: 8, height: 6 },
  properties: {
    title,
    region,
    stat,
    period: 300,
    view: view ?? 'timeSeries',
    metrics: lines,
    yAxis: { left: { min: 0 } },
  },
});

const logGroups = functions.map((name) => `SOURCE '/aws/lambda/nightshift-\${sls:stage}-${name}'`).join(' | ');

const alarmStates: unknown = {
  type: 'alarm',
  ...{ x: 0, y: 0, width: 24, height: 3 },
  properties: { title: 'Alarms', alarms: alarmNames.map((name) => `\${${name}Alarm.Arn}`) },
};

const lastFailures = (y: number): unknown => ({
  type: 'log',
  ...{ x: 0, y, width: 24, height: 8 },
  properties: {
    title: 'Last failures',
    region,
    view: 'table',
    query: `${logGroups} | fields @timestamp, level, message, job, run, attempt, coalesce(failure, outcome.failure) as name, coalesce(reason, outcome.message) as why | filter level in ["WARN", "ERROR", "CRITICAL"] | sort @timestamp desc | limit 50`,
  },
});

/** The stage's dashboard: runs, outcomes, durations and cost, with one line per job. */
export const dashboard = (jobs: string[]): Record<string, unknown> => {
  const drawn = graphs(jobs);
  const widgets = [alarmStates, ...drawn.map(graph), lastFailures(3 + Math.ceil(drawn.length / 3) * 6)];
  return {
    Dashboard: {
      Type: 'AWS::CloudWatch::Dashboard',
      Properties: {
        DashboardName: 'nightshift-${sls:stage}',
        DashboardBody: { 'Fn::Sub': JSON.stringify({ start: '-P1D', widgets }) },
      },
    },
  };
};
