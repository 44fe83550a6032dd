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
/** A line for each value of a dimension that was sent in the time shown. The search keeps the dashboard the same for one job and for thousands. */
const by = (dimension: 'job' | 'failure', name: string): Line[] => [
  [
    {
      expression: `SEARCH('{Nightshift,service,${dimension}} MetricName="${name}" service="${service[1]}"', 'Sum')`,
      id: name.toLowerCase(),
    },
  ],
];
const functions = ['dispatch', 'attempt', 'triage', 'settle', 'watchman'];
const lambda = (name: string): Line[] =>
  functions.map((of) => ['AWS/Lambda', name, 'FunctionName', `nightshift-\${sls:stage}-${of}`, { label: of }]);

const graphs: Graph[] = [
  {
    title: 'Runs',
    lines: [
      own('RunStarted', [], { label: 'started' }),
      own('RunSucceeded', [], { label: 'succeeded', color: '#2ca02c' }),
      own('RunFailed', [], { label: 'failed', color: '#d62728' }),
      own('RunSkipped', [], { label: 'skipped', color: '#7f7f7f' }),
    ],
  },
  { title: 'Runs failed, by job', lines: by('job', 'RunFailed') },
  { title: 'Slots missed, by job', lines: by('job', 'MissedSlots') },
  { title: 'Runs failed, by failure', lines: by('failure', 'RunFailed'), view: 'bar' },
  { title: 'Attempts failed, by failure', lines: by('failure', 'AttemptFailed'), view: 'bar' },
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
  { title: 'Tokens', lines: [own('Tokens', [], { label: 'tokens' })] },
  { title: 'Cost (USD)', lines: [own('CostUSD', [], { label: 'USD' })] },
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
  { title: 'Breakers opened, by job', lines: by('job', 'BreakerOpened') },
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

/** Read from the log of the settle function, because metrics of a healthy job would cost more than its runs. */
const runsByJob = (y: number): unknown => ({
  type: 'log',
  ...{ x: 0, y, width: 24, height: 8 },
  properties: {
    title: 'Runs by job: the most expensive first',
    region,
    view: 'table',
    query: `SOURCE '/aws/lambda/nightshift-\${sls:stage}-settle' | filter message = "run settled" | stats sum(status = "succeeded") as succeeded, sum(status = "failed") as failed, sum(usage.inputTokens + usage.outputTokens) as tokens, sum(usage.usd) as usd by job | sort usd desc | limit 100`,
  },
});

/** The stage's dashboard: runs, outcomes, durations and cost, and by job what is wrong. It is the same for any number of jobs. */
export const dashboard = (): Record<string, unknown> => {
  const below = 3 + Math.ceil(graphs.length / 3) * 6;
  const widgets = [alarmStates, ...graphs.map(graph), runsByJob(below), lastFailures(below + 8)];
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
