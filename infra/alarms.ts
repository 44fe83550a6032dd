type Dimensions = Record<string, unknown>;

/**
 * One alarm on one metric, counted over 5 minutes. `missing` is what no data means: nothing happened (`notBreaching`) or
 * nothing is known (`ignore`: the alarm stays as it is). `of: 3` waits for a second such period of three.
 */
type Alarm = {
  why: string;
  namespace: string;
  metric: string;
  dimensions: Dimensions;
  missing?: 'ignore';
  of?: 3;
  filled?: true;
};

const on = (logicalId: string): Dimensions => ({ FunctionName: { Ref: `${logicalId}LambdaFunction` } });
const machine: Dimensions = { StateMachineArn: { Ref: 'StateMachine' } };
const table: Dimensions = { TableName: { Ref: 'Table' } };
const index: Dimensions = { ...table, GlobalSecondaryIndexName: 'byDay' };

const runFailed: Alarm = {
  why: 'A run ended as failed. To see it: nightshift runs --stage ${sls:stage}',
  namespace: 'Nightshift',
  metric: 'RunFailed',
  dimensions: { service: 'nightshift-${sls:stage}' },
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
  RunFailed: runFailed,
  DispatchFailed: threw(
    'Dispatch',
    'Dispatch threw: a slot was refused or is not started yet. Lambda tries it twice more.',
  ),
  SettleFailed: threw('Settle', 'Settle threw: an outcome may not be recorded yet. It is tried again.'),
  TriageFailed: threw('Triage', 'Triage threw: a failed attempt is not closed yet. It is tried again.'),
  ExecutionFailed: executionFailed,
  ExecutionTimedOut: died('ExecutionsTimedOut'),
  ExecutionAborted: died('ExecutionsAborted'),
  DeadLettersWaiting: waiting,
  DispatchEventLost: lost('AWS/Lambda', 'DestinationDeliveryFailures', on('Dispatch')),
  SettleEventLost: lost('AWS/Lambda', 'DestinationDeliveryFailures', on('Settle')),
  SlotLost: lost('AWS/Scheduler', 'InvocationsFailedToBeSentToDeadLetterCount', {
    ScheduleGroup: { Ref: 'ScheduleGroup' },
  }),
  DeadExecutionLost: lost('AWS/Events', 'InvocationsFailedToBeSentToDlq', { RuleName: { Ref: 'DeadExecutions' } }),
  DispatchThrottled: throttled('Dispatch'),
  AttemptThrottled: throttled('Attempt'),
  TriageThrottled: throttled('Triage'),
  SettleThrottled: throttled('Settle'),
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

const resource = (name: string, alarm: Alarm): unknown => ({
  Type: 'AWS::CloudWatch::Alarm',
  Properties: {
    AlarmName: `nightshift-\${sls:stage}-${name}`,
    AlarmDescription: alarm.why,
    ...Object(measured(alarm)),
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    EvaluationPeriods: alarm.of ?? 1,
    DatapointsToAlarm: alarm.of ? 2 : 1,
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
