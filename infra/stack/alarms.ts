type Dimensions = Record<string, unknown>;

/**
 * One alarm on one metric, counted over 5 minutes. `missing` is what no data means: nothing happened (`notBreaching`), nothing is known
 * (`ignore`: the alarm stays as it is), or nobody is there any more (`breaching`: it rings when three periods in a row have
 * none). `of: 3` waits for a second such period of three.
 */
type Alarm = {
  why: string;
  namespace: string;
  metric: string;
  dimensions: Dimensions;
  missing?: 'ignore' | 'breaching';
  of?: 3;
  filled?: true;
};

const on = (logicalId: string): Dimensions => ({ FunctionName: { Ref: `${logicalId}LambdaFunction` } });
const machine: Dimensions = { StateMachineArn: { Ref: 'StateMachine' } };
const table: Dimensions = { TableName: { Ref: 'Table' } };
const index: Dimensions = { ...table, GlobalSecondaryIndexName: 'byDay' };

/** A metric of our own, over all jobs: which of them it was is in the log and on the dashboard. */
const counted = (metric: string, why: string): Alarm => ({
  why,
  namespace: 'Nightshift',
  metric,
  dimensions: { service: 'nightshift-${sls:stage}' },
});
/** Only CloudWatch is told of a breaker: what its alarm becomes is what EventBridge hears of it. */
const breakerOpened = counted(
  'BreakerOpened',
  "Too many runs of a job failed in a row: its slots are skipped until a probe succeeds. EventBridge hears of it as this alarm's change of state (source aws.cloudwatch, CloudWatch Alarm State Change).",
);
/** Between the new functions and the new schedules of a deployment they differ, for one look. */
const drifted: Alarm = {
  ...counted('Drift', 'A schedule is missing, disabled or not as its job file says, and no deployment explains it.'),
  of: 3,
};
/** A rule's minutes are not a metric's: one period may have no look, and the next one two. */
const watchmanStopped: Alarm = {
  ...counted(
    'WatchmanLooked',
    'The watchman has not looked at every job for 15 minutes: nobody would see a slot that is missed. It also rings on a first deployment, until its first look.',
  ),
  missing: 'breaching',
};
const threw = (name: string, why: string): Alarm => ({
  why,
  namespace: 'AWS/Lambda',
  metric: 'Errors',
  dimensions: on(name),
});
const died = (metric: string): Alarm => ({
  why: 'An execution ended before its own settlement; settle is told of it by a rule.',
  namespace: 'AWS/States',
  metric,
  dimensions: machine,
});
/** The metric RunFailed is sent at most once; this one is Step Functions' own word, and every failed run ends in it. */
const executionFailed: Alarm = {
  ...died('ExecutionsFailed'),
  why: 'An execution ended as failed: its run failed, or could not be settled by it.',
};
const lost = (namespace: string, metric: string, dimensions: Dimensions): Alarm => ({
  why: 'An event was given up and could not even be kept in the dead letters.',
  namespace,
  metric,
  dimensions,
});
/** A queue nobody touches for 6 hours reports nothing, which says nothing about the letters in it. */
const waiting: Alarm = {
  why: 'Something was accepted and could not be handled. It waits in nightshift-${sls:stage}-dead-letters for 14 days.',
  namespace: 'AWS/SQS',
  metric: 'ApproximateNumberOfMessagesVisible',
  dimensions: { QueueName: { 'Fn::GetAtt': ['DeadLetters', 'QueueName'] } },
  missing: 'ignore',
};
/** A single throttle is absorbed by retries. */
const throttled = (name: string): Alarm => ({
  why: 'Lambda turns invocations away: the concurrency of the account is used up.',
  namespace: 'AWS/Lambda',
  metric: 'Throttles',
  dimensions: on(name),
  of: 3,
});
/** DynamoDB reports no zeros, and its alarms keep their state on no data whatever they ask for: zeros are filled in. */
const tableThrottled = (metric: string, dimensions: Dimensions): Alarm => ({
  why: 'DynamoDB turns requests away: more than the table or its index takes now.',
  namespace: 'AWS/DynamoDB',
  metric,
  dimensions,
  of: 3,
  filled: true,
});

const declared: Record<string, Alarm> = {
  RunFailed: counted('RunFailed', 'A run ended as failed. To see it: nightshift runs --stage ${sls:stage}'),
  MissedSlots: counted(
    'MissedSlots',
    'A slot was not delivered and is too late, or not allowed, to be caught up: it is recorded as missed.',
  ),
  StuckRuns: counted(
    'StuckRuns',
    'Runs were open past their limit, dead or never started: the watchman has settled or started them.',
  ),
  Stale: counted('Stale', 'A job has not succeeded today by the time its file promises (freshBy).'),
  BreakerOpened: breakerOpened,
  Drift: drifted,
  WatchmanStopped: watchmanStopped,
  DispatchFailed: threw(
    'Dispatch',
    'Dispatch threw: a slot was refused or is not started yet. Lambda tries it twice more.',
  ),
  SettleFailed: threw('Settle', 'Settle threw: an outcome may not be recorded yet. It is tried again.'),
  TriageFailed: threw('Triage', 'Triage threw: a failed attempt is not closed yet. It is tried again.'),
  WatchmanFailed: threw('Watchman', 'The watchman threw: there is a job it could not look at. It looks again.'),
  ExecutionFailed: executionFailed,
  ExecutionTimedOut: died('ExecutionsTimedOut'),
  ExecutionAborted: died('ExecutionsAborted'),
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

const measured = (alarm: Alarm): unknown => {
  const { namespace, metric, filled } = alarm;
  const names = Object.entries(alarm.dimensions).map(([Name, Value]) => ({ Name, Value }));
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

/** When it rings: where something was counted, or, of what must always be there, where nothing was for three periods in a row. */
const condition = ({ missing, of }: Alarm): Record<string, unknown> => {
  const Threshold = 1;
  if (missing === 'breaching')
    return { Threshold, ComparisonOperator: 'LessThanThreshold', EvaluationPeriods: 3, DatapointsToAlarm: 3 };
  const [EvaluationPeriods, DatapointsToAlarm] = of ? [of, 2] : [1, 1];
  return { Threshold, ComparisonOperator: 'GreaterThanOrEqualToThreshold', EvaluationPeriods, DatapointsToAlarm };
};

const resource = (name: string, alarm: Alarm): unknown => ({
  Type: 'AWS::CloudWatch::Alarm',
  Properties: {
    AlarmName: `nightshift-\${sls:stage}-${name}`,
    AlarmDescription: alarm.why,
    ...Object(measured(alarm)),
    ...condition(alarm),
    TreatMissingData: alarm.missing ?? 'notBreaching',
    AlarmActions: [{ Ref: 'AlarmTopic' }],
    OKActions: [{ Ref: 'AlarmTopic' }],
  },
});

/** The names of the alarms; an alarm's logical id is its name and `Alarm`. */
export const alarmNames = Object.keys(declared);

/** The alarms, the topic they report to, and that topic's subscription where an e-mail address is given. */
export const alarms = (email: string): Record<string, unknown> => ({
  AlarmTopic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'nightshift-${sls:stage}-alarms' } },
  ...(email && {
    AlarmEmail: {
      Type: 'AWS::SNS::Subscription',
      Properties: { TopicArn: { Ref: 'AlarmTopic' }, Protocol: 'email', Endpoint: email },
    },
  }),
  ...Object.fromEntries(Object.entries(declared).map(([name, alarm]) => [`${name}Alarm`, resource(name, alarm)])),
});
