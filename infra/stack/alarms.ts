import { cures } from './cure.ts';

type Dimensions = Record<string, unknown>;

/**
 * One alarm on one metric, counted over 5 minutes. `missing` says what no data means: nothing happened (the default), nothing is
 * known (`ignore`), or the service is gone (`breaching`). `of: 3` rings when 2 of 3 periods count something. `byJob`: it rings for each job of
 * its own, so that one job's trouble does not hide another's.
 */
type Alarm = {
  why: string;
  namespace: string;
  metric: string;
  dimensions: Dimensions;
  missing?: 'ignore' | 'breaching';
  of?: 3;
  filled?: true;
  byJob?: true;
};

const on = (logicalId: string): Dimensions => ({ FunctionName: { Ref: `${logicalId}LambdaFunction` } });
const machine: Dimensions = { StateMachineArn: { Ref: 'StateMachine' } };
const table: Dimensions = { TableName: { Ref: 'Table' } };
const index: Dimensions = { ...table, GlobalSecondaryIndexName: 'byDay' };

/** An alarm on a metric of the service. */
const counted = (metric: string, why: string): Alarm => ({
  why,
  namespace: 'Nightshift',
  metric,
  dimensions: { service: 'nightshift-${sls:stage}' },
});
/** An alarm on a metric that jobs send where something is wrong. */
const ofJobs = (metric: string, why: string): Alarm => ({ ...counted(metric, why), byJob: true });
/** EventBridge gets each change of this alarm's state, so that a rule can act on it. */
const breakerOpened = ofJobs(
  'BreakerOpened',
  'Too many runs of a job failed in a row. Its slots are skipped until a probe succeeds.',
);
/** During a deployment, functions and schedules differ for one check of the watchman. */
const drifted: Alarm = {
  ...ofJobs('Drift', 'A schedule is missing, disabled or differs from its job file, in 2 of 3 periods of 5 minutes.'),
  of: 3,
};
/** A period without a check is normal: the rule's 5 minutes do not start with the metric's, so the next period has two checks. */
const watchmanStopped: Alarm = {
  ...counted(
    'WatchmanLooked',
    'The watchman has not checked all jobs for 15 minutes, so missed slots stay unnoticed. The alarm also rings after the first deployment, until the first check.',
  ),
  missing: 'breaching',
};
const threw = (name: string, why: string): Alarm => ({
  why,
  namespace: 'AWS/Lambda',
  metric: 'Errors',
  dimensions: on(name),
});
const died = (metric: string, how: string): Alarm => ({
  why: `An execution ${how} before it settled its run. A rule has the settle function record the outcome.`,
  namespace: 'AWS/States',
  metric,
  dimensions: machine,
});
/** Step Functions' own count, which does not depend on the metric RunFailed being sent. */
const executionFailed: Alarm = {
  ...died('ExecutionsFailed', 'failed'),
  why: 'An execution ended as failed: its run failed, or could not be settled by it.',
};
const lost = (namespace: string, metric: string, dimensions: Dimensions): Alarm => ({
  why: 'AWS dropped an event and could not store it in the dead letters.',
  namespace,
  metric,
  dimensions,
});
/** SQS reports nothing for a queue that is idle for 6 hours, even if letters are in it. */
const waiting: Alarm = {
  why: 'An event was accepted and could not be handled. It waits in the queue nightshift-${sls:stage}-dead-letters for 14 days.',
  namespace: 'AWS/SQS',
  metric: 'ApproximateNumberOfMessagesVisible',
  dimensions: { QueueName: { 'Fn::GetAtt': ['DeadLetters', 'QueueName'] } },
  missing: 'ignore',
};
/** A single throttle is absorbed by retries. */
const throttled = (name: string): Alarm => ({
  why: 'Lambda refuses invocations: the concurrency of the account is used up.',
  namespace: 'AWS/Lambda',
  metric: 'Throttles',
  dimensions: on(name),
  of: 3,
});
/** DynamoDB reports no zeros, and its alarms keep their state when data is missing: zeros are filled in. */
const tableThrottled = (metric: string, dimensions: Dimensions): Alarm => ({
  why: 'DynamoDB refuses requests: the table or its index gets more than it takes now.',
  namespace: 'AWS/DynamoDB',
  metric,
  dimensions,
  of: 3,
  filled: true,
});

const declared: Record<keyof typeof cures, Alarm> = {
  RunFailed: ofJobs('RunFailed', 'A run ended as failed.'),
  MissedSlots: ofJobs(
    'MissedSlots',
    'A slot was not delivered, and its job (catchUp) does not let it be caught up. It is recorded as missed.',
  ),
  StuckRuns: ofJobs(
    'StuckRuns',
    'Runs were open past their limit, dead or never started. The watchman settled or started them.',
  ),
  Stale: ofJobs('Stale', 'A job has not succeeded today by the time its file promises (freshBy).'),
  BreakerOpened: breakerOpened,
  Drift: drifted,
  WatchmanStopped: watchmanStopped,
  DispatchFailed: threw(
    'Dispatch',
    'Dispatch threw: a slot was refused or is not started yet. Lambda tries it twice more.',
  ),
  SettleFailed: threw('Settle', 'Settle threw: an outcome may not be recorded yet. It is tried again.'),
  TriageFailed: threw('Triage', 'Triage threw: a failed attempt is not closed yet. It is tried again.'),
  WatchmanFailed: threw('Watchman', 'The watchman threw: it could not check some job. It tries again after 5 minutes.'),
  ExecutionFailed: executionFailed,
  ExecutionTimedOut: died('ExecutionsTimedOut', 'ran out of time'),
  ExecutionAborted: died('ExecutionsAborted', 'was stopped'),
  DeadLettersWaiting: waiting,
  DispatchEventLost: lost('AWS/Lambda', 'DestinationDeliveryFailures', on('Dispatch')),
  SettleEventLost: lost('AWS/Lambda', 'DestinationDeliveryFailures', on('Settle')),
  WatchmanEventLost: lost('AWS/Lambda', 'DestinationDeliveryFailures', on('Watchman')),
  SlotLost: lost('AWS/Scheduler', 'InvocationsFailedToBeSentToDeadLetterCount', {
    ScheduleGroup: { Ref: 'ScheduleGroup' },
  }),
  DeadExecutionLost: lost('AWS/Events', 'InvocationsFailedToBeSentToDlq', { RuleName: { Ref: 'DeadExecutions' } }),
  WakeUpLost: lost('AWS/Events', 'InvocationsFailedToBeSentToDlq', { RuleName: { Ref: 'WakeUp' } }),
  DispatchThrottled: throttled('Dispatch'),
  AttemptThrottled: throttled('Attempt'),
  TriageThrottled: throttled('Triage'),
  SettleThrottled: throttled('Settle'),
  WatchmanThrottled: throttled('Watchman'),
  TableReadThrottled: tableThrottled('ReadThrottleEvents', table),
  TableWriteThrottled: tableThrottled('WriteThrottleEvents', table),
  IndexReadThrottled: tableThrottled('ReadThrottleEvents', index),
  IndexWriteThrottled: tableThrottled('WriteThrottleEvents', index),
};

const statistic = ({ missing }: Alarm): string => (missing === 'ignore' ? 'Maximum' : 'Sum');

/**
 * A Metrics Insights query whose alarm has a state for each contributor: each job that sent the metric. CloudWatch sends an action for each job that
 * begins to alarm, also while others do (CloudWatch user guide, "Alarm on metrics with a Metrics Insights query", at most 200 such alarms a Region).
 */
const byContributor = ({ metric }: Alarm): unknown => ({
  Id: 'jobs',
  Expression: `SELECT SUM(${metric}) FROM SCHEMA(Nightshift, service, job) WHERE service = 'nightshift-\${sls:stage}' GROUP BY job ORDER BY SUM() DESC`,
  Period: 300,
  Label: metric,
  ReturnData: true,
});

const measured = (alarm: Alarm): unknown => {
  const { namespace, metric, filled } = alarm;
  const names = Object.entries(alarm.dimensions).map(([Name, Value]) => ({ Name, Value }));
  if (alarm.byJob) return { Metrics: [byContributor(alarm)] };
  const source = { Namespace: namespace, MetricName: metric, Dimensions: names };
  if (!filled) return { ...source, Period: 300, Statistic: statistic(alarm) };
  const stat = { Metric: source, Period: 300, Stat: statistic(alarm) };
  return {
    Metrics: [
      { Id: 'count', MetricStat: stat, ReturnData: false },
      { Id: 'filled', Expression: 'FILL(count, 0)', Label: metric, ReturnData: true },
    ],
  };
};

/** Rings when something was counted. With `missing: 'breaching'` it rings when three periods in a row counted nothing. */
const condition = ({ missing, of }: Alarm): Record<string, unknown> => {
  const Threshold = 1;
  if (missing === 'breaching')
    return { Threshold, ComparisonOperator: 'LessThanThreshold', EvaluationPeriods: 3, DatapointsToAlarm: 3 };
  const [EvaluationPeriods, DatapointsToAlarm] = of ? [of, 2] : [1, 1];
  return { Threshold, ComparisonOperator: 'GreaterThanOrEqualToThreshold', EvaluationPeriods, DatapointsToAlarm };
};

const resource = (name: keyof typeof cures, alarm: Alarm): unknown => ({
  Type: 'AWS::CloudWatch::Alarm',
  Properties: {
    AlarmName: `nightshift-\${sls:stage}-${name}`,
    AlarmDescription: `${alarm.why} What to do: ${cures[name].replaceAll('`', '')}`,
    ...Object(measured(alarm)),
    ...condition(alarm),
    TreatMissingData: alarm.missing ?? 'notBreaching',
    AlarmActions: [{ Ref: 'AlarmTopic' }],
    OKActions: [{ Ref: 'AlarmTopic' }],
  },
});

/** The names of the alarms; an alarm's logical id is its name and `Alarm`. */
export const alarmNames = Object.keys(declared) as (keyof typeof cures)[];

/** Why an alarm rings. */
export const causeOf = (name: keyof typeof cures): string => declared[name].why;

/** The alarms, the topic they report to, and that topic's subscription where an e-mail address is given. */
export const alarms = (email: string): Record<string, unknown> => ({
  AlarmTopic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'nightshift-${sls:stage}-alarms' } },
  ...(email && {
    AlarmEmail: {
      Type: 'AWS::SNS::Subscription',
      Properties: { TopicArn: { Ref: 'AlarmTopic' }, Protocol: 'email', Endpoint: email },
    },
  }),
  ...Object.fromEntries(alarmNames.map((name) => [`${name}Alarm`, resource(name, declared[name])])),
});
