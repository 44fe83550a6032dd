import { readFile } from 'node:fs/promises';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStackEventsCommand,
  DescribeStackResourcesCommand,
  GetTemplateCommand,
} from '@aws-sdk/client-cloudformation';
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import {
  GetFunctionConfigurationCommand,
  GetFunctionEventInvokeConfigCommand,
  GetPolicyCommand,
} from '@aws-sdk/client-lambda';
import { DescribeStateMachineCommand } from '@aws-sdk/client-sfn';
import { expect, it } from 'vitest';
import { functionNames } from '../../../infra/package/build.ts';
import { alarmNames } from '../../../infra/stack/alarms.ts';
import { repository } from '../../kit/project.ts';
import { ask } from './aws-request.ts';
import { region } from './emulated-cloud.ts';
import type { Deployed } from './test-stage.ts';

const arn = (service: string, rest: string) => `arn:aws:${service}:${region}:000000000000:${rest}`;
const functionArn = (name: string) => arn('lambda', `function:nightshift-test-${name}`);
const queueArn = arn('sqs', 'nightshift-test-dead-letters');
const stateMachineArn = arn('states', 'stateMachine:nightshift-test');
const TableName = 'nightshift-test';
/** Alarms on a metric expression. MiniStack refuses a stack that contains one. */
const expressions = [
  ...['TableReadThrottled', 'TableWriteThrottled', 'IndexReadThrottled', 'IndexWriteThrottled'],
  ...['RunFailed', 'MissedSlots', 'StuckRuns', 'Stale', 'BreakerOpened', 'Drift'],
];

/** Tests of the resources that CloudFormation made from the template, read from each service. */
export const resources = (at: () => Deployed): void => {
  it('are all complete according to CloudFormation', async () => {
    const client = new CloudFormationClient(at().cloud.client);
    const { StackResources = [] } = await client.send(new DescribeStackResourcesCommand({ StackName: TableName }));
    const { TemplateBody = '{}' } = await client.send(new GetTemplateCommand({ StackName: TableName }));
    client.destroy();
    const states = StackResources.map(({ LogicalResourceId, ResourceStatus }) => [LogicalResourceId, ResourceStatus]);
    expect(Object.fromEntries(states)).toEqual(
      Object.fromEntries(
        Object.keys(JSON.parse(TemplateBody).Resources).map((id) => [
          id,
          expect.stringMatching(/^(CREATE|UPDATE)_COMPLETE$/),
        ]),
      ),
    );
  });

  it('lack the alarms on a metric expression, which MiniStack does not support', async () => {
    const Metrics = [{ Id: 'filled', Expression: 'FILL(METRICS(), 0)', ReturnData: true }];
    const condition = { Threshold: 1, ComparisonOperator: 'GreaterThanThreshold', EvaluationPeriods: 1 };
    const Alarm = { Type: 'AWS::CloudWatch::Alarm', Properties: { Metrics, ...condition } };
    const client = new CloudFormationClient(at().cloud.client);
    const StackName = 'expression';
    await client.send(new CreateStackCommand({ StackName, TemplateBody: JSON.stringify({ Resources: { Alarm } }) }));
    const reasons = async () => {
      const { StackEvents = [] } = await client.send(new DescribeStackEventsCommand({ StackName }));
      return StackEvents.map(({ ResourceStatusReason }) => ResourceStatusReason).join('\n');
    };
    await expect.poll(reasons, { timeout: 30_000 }).toContain('Properties.Metrics (metric math) is not supported');
    client.destroy();
  });

  it('include a table with its keys, its index and deletion protection', async () => {
    const { dynamo } = at().stage;
    const { Table } = await dynamo.send(new DescribeTableCommand({ TableName }));
    const keys = (hash: string) => [
      { AttributeName: hash, KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ];
    expect(Table).toMatchObject({
      TableStatus: 'ACTIVE',
      KeySchema: keys('pk'),
      GlobalSecondaryIndexes: [{ IndexName: 'byDay', KeySchema: keys('day'), Projection: { ProjectionType: 'ALL' } }],
      BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
      DeletionProtectionEnabled: true,
    });
    // Where MiniStack's CloudFormation differs from AWS's: it sets neither a table's expiry nor its backups.
    const { TimeToLiveDescription } = await dynamo.send(new DescribeTimeToLiveCommand({ TableName }));
    expect(TimeToLiveDescription?.TimeToLiveStatus).toBe('DISABLED');
    const backups = await dynamo.send(new DescribeContinuousBackupsCommand({ TableName }));
    const { PointInTimeRecoveryDescription } = backups.ContinuousBackupsDescription ?? {};
    expect(PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus).toBe('DISABLED');
  });

  it('include five functions with their environment and a queue for events that they cannot handle', async () => {
    const { stage, cloud, claude, other } = at();
    const shared = {
      NIGHTSHIFT_STAGE: 'test',
      NIGHTSHIFT_TABLE: TableName,
      POWERTOOLS_SERVICE_NAME: 'nightshift-test',
      POWERTOOLS_METRICS_NAMESPACE: 'Nightshift',
      POWERTOOLS_LOG_LEVEL: 'INFO',
    };
    const own = {
      dispatch: { NIGHTSHIFT_STATE_MACHINE_ARN: stateMachineArn },
      attempt: {
        ANTHROPIC_API_KEY_SECRET: 'nightshift/test/anthropic-api-key',
        OPENAI_COMPATIBLE_API_KEY_PARAMETER: '/nightshift/test/openai-compatible-api-key',
        OPENAI_COMPATIBLE_BASE_URL: other.env.OPENAI_COMPATIBLE_BASE_URL,
      },
      triage: {},
      settle: { NIGHTSHIFT_STATE_MACHINE_ARN: stateMachineArn },
      watchman: { NIGHTSHIFT_STATE_MACHINE_ARN: stateMachineArn, NIGHTSHIFT_SCHEDULE_GROUP: 'nightshift-test' },
    };
    const seconds = { dispatch: 30, attempt: 900, triage: 30, settle: 30, watchman: 300 };
    for (const name of functionNames) {
      const FunctionName = functionArn(name);
      const found = await stage.lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
      const ofThisCloud = { ...cloud.functionEnv(name), ANTHROPIC_BASE_URL: claude.url };
      expect(found.Environment?.Variables).toEqual({ ...shared, ...own[name], ...ofThisCloud });
      expect(found).toMatchObject({
        Runtime: 'nodejs24.x',
        Timeout: seconds[name],
        LoggingConfig: { LogGroup: `/aws/lambda/nightshift-test-${name}` },
        Role: expect.stringMatching(new RegExp(`${name}role`, 'i')),
      });
    }
    for (const name of ['dispatch', 'settle', 'watchman']) {
      const asked = { FunctionName: functionArn(name), Qualifier: '$LATEST' };
      expect(await stage.lambda.send(new GetFunctionEventInvokeConfigCommand(asked))).toMatchObject({
        MaximumRetryAttempts: 2,
        MaximumEventAgeInSeconds: 21_600,
        DestinationConfig: { OnFailure: { Destination: queueArn } },
      });
    }
  });

  it('include a state machine that invokes the deployed functions', async () => {
    const found = await at().stage.machine.send(new DescribeStateMachineCommand({ stateMachineArn }));
    const source = await readFile(`${repository}/infra/run.asl.json`, 'utf8');
    const filled = source.replaceAll(/\$\{(\w+)Arn\}/g, (_, word: string) => functionArn(word.toLowerCase()));
    expect(JSON.parse(found.definition ?? '')).toEqual(JSON.parse(filled));
    expect(found).toMatchObject({ type: 'STANDARD', roleArn: expect.stringMatching(/StateMachineRole/) });
    // Where MiniStack's CloudFormation differs from AWS's: it drops the state machine's log.
    expect(found.loggingConfiguration?.destinations).toBeUndefined();
  });

  it('include schedules that pass their slot to dispatch, with retries and a dead-letter queue', async () => {
    const { stage } = at();
    const found = await stage.schedule('report');
    expect(found).toMatchObject({ ScheduleExpression: 'cron(0 7 * * ? *)', State: 'ENABLED' });
    expect(found.Target).toEqual({
      Arn: functionArn('dispatch'),
      RoleArn: expect.stringMatching(/ScheduleRole/),
      Input: '{"job":"report","slot":"<aws.scheduler.scheduled-time>"}',
      RetryPolicy: { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 },
      DeadLetterConfig: { Arn: queueArn },
    });
    expect((await stage.schedule('paused')).ScheduleExpression).toBe('rate(1 day)');
    // Where MiniStack's CloudFormation differs from AWS's: it drops a schedule's time zone.
    expect(found.ScheduleExpressionTimezone).toBe('UTC');
  });

  it.each([
    ['dead-executions', 'settle'],
    ['wake-up', 'watchman'],
  ])('include a rule %s that may invoke only %s, with a dead-letter queue', async (rule, name) => {
    const { stage, cloud } = at();
    const Rule = `nightshift-test-${rule}`;
    expect((await ask(cloud.url, 'events', 'ListTargetsByRule', { Rule })).Targets).toEqual([
      {
        Id: name,
        Arn: functionArn(name),
        RetryPolicy: { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 21_600 },
        DeadLetterConfig: { Arn: queueArn },
      },
    ]);
    const { Policy = '{}' } = await stage.lambda.send(new GetPolicyCommand({ FunctionName: functionArn(name) }));
    const { Statement } = JSON.parse(Policy);
    expect(Statement).toMatchObject([{ Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' } }]);
    expect(JSON.stringify(Statement[0].Condition)).toContain(arn('events', `rule/${Rule}`));
  });

  it('include a dead-letter queue that accepts messages of these two rules only', async () => {
    const { cloud } = at();
    const { QueueUrl } = await ask(cloud.url, 'sqs', 'GetQueueUrl', { QueueName: 'nightshift-test-dead-letters' });
    const { Attributes } = await ask(cloud.url, 'sqs', 'GetQueueAttributes', { QueueUrl, AttributeNames: ['All'] });
    expect(Attributes).toMatchObject({ MessageRetentionPeriod: '1209600', SqsManagedSseEnabled: 'true' });
    const { Statement } = JSON.parse(Object(Attributes).Policy);
    expect(Statement).toMatchObject([{ Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' } }]);
    expect(Statement[0].Condition.ArnEquals['aws:SourceArn']).toEqual(
      ['dead-executions', 'wake-up'].map((rule) => arn('events', `rule/nightshift-test-${rule}`)),
    );
  });

  it('include log groups kept for 30 days, alarms and a dashboard', async () => {
    const { cloud } = at();
    const { logGroups } = await ask(cloud.url, 'logs', 'DescribeLogGroups', {});
    const kept = Object.fromEntries(
      Object(logGroups).map((one: Record<string, unknown>) => [one.logGroupName, one.retentionInDays]),
    );
    expect(kept).toEqual({
      ...Object.fromEntries(functionNames.map((name) => [`/aws/lambda/nightshift-test-${name}`, 30])),
      '/aws/vendedlogs/states/nightshift-test': 30,
    });
    const { MetricAlarms } = await ask(cloud.url, 'monitoring', 'DescribeAlarms', { MaxRecords: 100 });
    const names = Object(MetricAlarms).map(({ AlarmName }: { AlarmName: string }) => AlarmName);
    const made = alarmNames.filter((name) => !expressions.includes(name));
    expect(names.sort()).toEqual(made.map((name) => `nightshift-test-${name}`).sort());
    const dashboard = await ask(cloud.url, 'monitoring', 'GetDashboard', { DashboardName: TableName });
    expect(JSON.parse(String(dashboard.DashboardBody)).widgets.length).toBeGreaterThan(3);
  });
};
