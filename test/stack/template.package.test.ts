import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { functionNames } from '../../infra/package/build.ts';
import { jobs, project, removed, repository } from '../kit/project.ts';
import { template } from '../kit/template.ts';

let made: Awaited<ReturnType<typeof template>>;

/** The ARNs of the state machine and its executions, written out where they cannot be referenced. */
const machineOf = (kind: 'stateMachine' | 'execution') => new RegExp(`:states:.*:${kind}:nightshift-test(:\\*)?$`);
const arnOf = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });

beforeAll(async () => {
  made = await template(await project(jobs), ['--stage', 'test', '--param', 'alarmEmail=night@example.com']);
});
afterAll(removed);

describe('the template', () => {
  it('has one schedule for each enabled job, with its expression, zone, retries and dead letters', () => {
    const found = made.ofType('AWS::Scheduler::Schedule').map(([, { Properties }]) => Properties);
    const summary = found.map((own) => [own.Name, own.ScheduleExpression, own.ScheduleExpressionTimezone]);
    expect(summary.sort()).toEqual([
      ['eu-news', 'cron(0 9 ? * MON-FRI *)', 'Europe/Amsterdam'],
      ['night-report', 'cron(0 7 * * ? *)', 'Europe/Amsterdam'],
      ['once-21991224T180000', 'at(2199-12-24T18:00:00)', 'UTC'],
      ['season', 'cron(30 2 * * ? *)', 'Europe/Amsterdam'],
      ['tick', 'rate(5 minutes)', 'UTC'],
    ]);
    for (const { Name, GroupName, FlexibleTimeWindow, Target } of found) {
      expect({ GroupName, FlexibleTimeWindow, Target }).toEqual({
        GroupName: { Ref: 'ScheduleGroup' },
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: {
          Arn: arnOf('DispatchLambdaFunction'),
          RoleArn: arnOf('ScheduleRole'),
          Input: `{"job":"${String(Name).replace(/-2199.*/, '')}","slot":"<aws.scheduler.scheduled-time>"}`,
          RetryPolicy: { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 },
          DeadLetterConfig: { Arn: arnOf('DeadLetters') },
        },
      });
    }
  });

  it('writes the start and end of a schedule in UTC', () => {
    expect(made.properties('ScheduleOfseason')).toMatchObject({
      StartDate: '2199-03-31T01:00:00Z',
      EndDate: '2199-10-27T00:30:00Z',
    });
    for (const id of ['ScheduleOfonceAt21991224T180000', 'ScheduleOftick'])
      for (const bound of ['StartDate', 'EndDate']) expect(made.properties(id)).not.toHaveProperty(bound);
  });

  it('gives each function a role, a size and a timeout of its own', () => {
    const functions = made.ofType('AWS::Lambda::Function').map(([id, { Properties }]) => [id, Properties] as const);
    expect(
      functions.map(([id, { Runtime, Architectures, MemorySize, Timeout, Role, FunctionName }]) => ({
        id,
        Runtime,
        Architectures,
        MemorySize,
        Timeout,
        Role,
        FunctionName,
      })),
    ).toEqual(
      functionNames.map((name) => {
        const word = name.charAt(0).toUpperCase() + name.slice(1);
        return {
          id: `${word}LambdaFunction`,
          Runtime: 'nodejs24.x',
          Architectures: ['arm64'],
          MemorySize: name === 'attempt' ? 512 : 256,
          Timeout: { attempt: 900, watchman: 300, dispatch: 30, triage: 30, settle: 30 }[name],
          Role: { 'Fn::Sub': `\${${word}Role.Arn}` },
          FunctionName: `nightshift-test-${name}`,
        };
      }),
    );
  });

  it('gives a function its stage, table and configuration, and never a key', () => {
    for (const [id, { Properties }] of made.ofType('AWS::Lambda::Function')) {
      const { Variables } = Object(Properties.Environment);
      expect(Variables, id).toMatchObject({
        NIGHTSHIFT_STAGE: 'test',
        NIGHTSHIFT_TABLE: { Ref: 'Table' },
        NIGHTSHIFT_CONFIG: '/var/task/config',
        POWERTOOLS_SERVICE_NAME: 'nightshift-test',
        POWERTOOLS_METRICS_NAMESPACE: 'Nightshift',
      });
      expect(Variables.ANTHROPIC_API_KEY_PARAMETER).toBe(
        id === 'AttemptLambdaFunction' ? '/nightshift/test/anthropic-api-key' : undefined,
      );
      const [starts, byName] = [
        { Ref: 'StateMachine' },
        { 'Fn::Sub': expect.stringMatching(machineOf('stateMachine')) },
      ];
      const machine = { DispatchLambdaFunction: starts, SettleLambdaFunction: byName, WatchmanLambdaFunction: starts };
      expect(Variables.NIGHTSHIFT_STATE_MACHINE_ARN, id).toEqual(Object(machine)[id]);
      expect(Variables.NIGHTSHIFT_SCHEDULE_GROUP).toEqual(
        id === 'WatchmanLambdaFunction' ? { Ref: 'ScheduleGroup' } : undefined,
      );
      expect(Object.keys(Variables).filter((name) => /KEY$|SECRET|TOKEN/.test(name))).toEqual([]);
    }
  });

  it('deploys infra/run.asl.json unchanged, with the ARNs of the three functions', async () => {
    const { Definition, DefinitionString, DefinitionSubstitutions, StateMachineType } = made.properties('StateMachine');
    expect(Definition).toEqual(JSON.parse(await readFile(join(repository, 'infra/run.asl.json'), 'utf8')));
    expect({ DefinitionString, DefinitionSubstitutions, StateMachineType }).toEqual({
      DefinitionSubstitutions: {
        AttemptArn: arnOf('AttemptLambdaFunction'),
        TriageArn: arnOf('TriageLambdaFunction'),
        SettleArn: arnOf('SettleLambdaFunction'),
      },
      StateMachineType: 'STANDARD',
    });
    expect(made.properties('StateMachine').LoggingConfiguration).toMatchObject({
      Level: 'ERROR',
      IncludeExecutionData: false,
    });
  });

  it('keeps the table when the stack is deleted, with backups, expiry and encryption', () => {
    const { DeletionPolicy, UpdateReplacePolicy, Properties } = made.named('Table');
    expect({ DeletionPolicy, UpdateReplacePolicy, ...Properties }).toMatchObject({
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      TableName: 'nightshift-test',
      BillingMode: 'PAY_PER_REQUEST',
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      SSESpecification: { SSEEnabled: true },
    });
  });

  it('keeps every log for 30 days', () => {
    const groups = made
      .ofType('AWS::Logs::LogGroup')
      .map(([, { Properties }]) => [Properties.LogGroupName, Properties.RetentionInDays]);
    expect(groups.sort()).toEqual([
      ...functionNames.toSorted().map((name) => [`/aws/lambda/nightshift-test-${name}`, 30]),
      ['/aws/vendedlogs/states/nightshift-test', 30],
    ]);
  });

  it('retries an event of dispatch, settle and the watchman twice, and then keeps it in the dead letters', () => {
    const found = made.ofType('AWS::Lambda::EventInvokeConfig').map(([, { Properties }]) => Properties);
    expect(found.map(({ FunctionName }) => FunctionName)).toEqual([
      { Ref: 'DispatchLambdaFunction' },
      { Ref: 'SettleLambdaFunction' },
      { Ref: 'WatchmanLambdaFunction' },
    ]);
    for (const config of found) {
      expect(config).toMatchObject({
        MaximumRetryAttempts: 2,
        MaximumEventAgeInSeconds: 21_600,
        DestinationConfig: { OnFailure: { Destination: arnOf('DeadLetters') } },
      });
    }
    expect(made.properties('DeadLetters')).toMatchObject({
      MessageRetentionPeriod: 1_209_600,
      SqsManagedSseEnabled: true,
    });
  });

  it('sends the end of every dead execution of this state machine to settle', () => {
    const { EventPattern, Targets } = made.properties('DeadExecutions');
    expect(EventPattern).toEqual({
      source: ['aws.states'],
      'detail-type': ['Step Functions Execution Status Change'],
      detail: { stateMachineArn: [{ Ref: 'StateMachine' }], status: ['FAILED', 'TIMED_OUT', 'ABORTED'] },
    });
    expect(Targets).toMatchObject([
      { Arn: arnOf('SettleLambdaFunction'), DeadLetterConfig: { Arn: arnOf('DeadLetters') } },
    ]);
    expect(made.properties('DeadExecutionsToSettle')).toMatchObject({
      Principal: 'events.amazonaws.com',
      SourceArn: arnOf('DeadExecutions'),
    });
  });

  it('wakes the watchman every 5 minutes by a rule, independent of schedules and their group', () => {
    const { ScheduleExpression, State, Targets } = made.properties('WakeUp');
    expect({ ScheduleExpression, State }).toEqual({ ScheduleExpression: 'rate(5 minutes)', State: 'ENABLED' });
    expect(Targets).toEqual([
      {
        Id: 'watchman',
        Arn: arnOf('WatchmanLambdaFunction'),
        RetryPolicy: { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 21_600 },
        DeadLetterConfig: { Arn: arnOf('DeadLetters') },
      },
    ]);
    expect(made.properties('WakeUpToWatchman')).toEqual({
      Action: 'lambda:InvokeFunction',
      FunctionName: { Ref: 'WatchmanLambdaFunction' },
      Principal: 'events.amazonaws.com',
      SourceArn: arnOf('WakeUp'),
    });
    expect(JSON.stringify([made.named('WakeUp'), made.named('WakeUpToWatchman')])).not.toMatch(
      /scheduler|ScheduleGroup/i,
    );
  });

  it('accepts dead letters only from its own rules', () => {
    const [statement, ...more] = Object(made.properties('DeadLettersPolicy').PolicyDocument).Statement;
    expect(more).toEqual([]);
    expect(statement).toMatchObject({ Principal: { Service: 'events.amazonaws.com' }, Action: 'sqs:SendMessage' });
    const rules = made.ofType('AWS::Events::Rule').map(([id]) => arnOf(id));
    expect(rules).toHaveLength(2);
    expect(statement.Condition.ArnEquals['aws:SourceArn']).toEqual(rules);
  });

  it('reports every alarm to the topic, which sends mail to the given address', () => {
    const alarms = made.ofType('AWS::CloudWatch::Alarm');
    expect(alarms.length).toBeGreaterThanOrEqual(10);
    for (const [id, { Properties }] of alarms) expect(Properties.AlarmActions, id).toEqual([{ Ref: 'AlarmTopic' }]);
    expect(made.properties('AlarmEmail')).toMatchObject({
      Endpoint: 'night@example.com',
      TopicArn: { Ref: 'AlarmTopic' },
    });
  });
});

describe('the permissions of the template', () => {
  const table = arnOf('Table');
  const deadLetters = ['sqs:SendMessage', arnOf('DeadLetters')];
  const logs = (group: string) => ['logs:CreateLogStream logs:PutLogEvents', arnOf(group)];
  const readWrite = ['dynamodb:GetItem dynamodb:PutItem dynamodb:Query', table];

  const underRuns = [
    ['dynamodb:GetItem dynamodb:Query', table],
    ['dynamodb:PutItem', table],
  ];

  it('let the functions that read hostile text write only under runs and sessions', () => {
    for (const role of ['AttemptRole', 'TriageRole']) {
      const puts = made.statements(role).filter(({ Action }) => [Action].flat().includes('dynamodb:PutItem'));
      expect(
        puts.map(({ Condition }) => Condition),
        role,
      ).toEqual([
        {
          'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['run#*', 'session#*'] },
          Null: { 'dynamodb:LeadingKeys': 'false' },
        },
      ]);
    }
  });

  it('are exactly these', () => {
    const executions = { 'Fn::Sub': expect.stringMatching(machineOf('execution')) };
    expect(made.allowed('DispatchRole')).toEqual([
      readWrite,
      ['states:StartExecution', { Ref: 'StateMachine' }],
      ['states:StopExecution', executions],
      deadLetters,
      logs('DispatchLogGroup'),
    ]);
    expect(made.allowed('TriageRole')).toEqual([...underRuns, logs('TriageLogGroup')]);
    expect(made.allowed('SettleRole')).toEqual([
      readWrite,
      ['states:StartExecution', { 'Fn::Sub': expect.stringMatching(machineOf('stateMachine')) }],
      deadLetters,
      logs('SettleLogGroup'),
    ]);
    expect(made.allowed('WatchmanRole')).toEqual([
      readWrite,
      ['states:StartExecution', { Ref: 'StateMachine' }],
      ['states:DescribeExecution states:StopExecution', executions],
      [
        'scheduler:DeleteSchedule scheduler:GetSchedule',
        { 'Fn::Sub': expect.stringMatching(/:scheduler:.*:schedule\/\$\{ScheduleGroup\}\/\*$/) },
      ],
      deadLetters,
      logs('WatchmanLogGroup'),
    ]);
    expect(made.allowed('ScheduleRole')).toEqual([
      ['lambda:InvokeFunction', arnOf('DispatchLambdaFunction')],
      deadLetters,
    ]);
    expect(made.allowed('StateMachineRole')[0]).toEqual([
      'lambda:InvokeFunction',
      ['AttemptLambdaFunction', 'TriageLambdaFunction', 'SettleLambdaFunction'].map(arnOf),
    ]);
    const invoke = 'bedrock:InvokeModel bedrock:InvokeModelWithResponseStream';
    const profile = {
      'Fn::Sub': expect.stringMatching(/:inference-profile\/eu\.anthropic\.claude-sonnet-4-5-20250929-v1:0$/),
    };
    expect(made.allowed('AttemptRole')).toEqual([
      ...underRuns,
      ['dynamodb:Query', { 'Fn::Sub': '${Table.Arn}/index/byDay' }],
      logs('AttemptLogGroup'),
      ['ssm:GetParameter', { 'Fn::Sub': expect.stringMatching(/:parameter\/nightshift\/test\/anthropic-api-key$/) }],
      [invoke, { 'Fn::Sub': expect.stringMatching(/::foundation-model\/amazon\.nova-lite-v1:0$/) }],
      [invoke, profile],
      [
        invoke,
        [{ 'Fn::Sub': expect.stringMatching(/::foundation-model\/anthropic\.claude-sonnet-4-5-20250929-v1:0$/) }],
      ],
    ]);
    expect(
      made
        .ofType('AWS::IAM::Role')
        .map(([id]) => id)
        .sort(),
    ).toEqual([
      'AttemptRole',
      'DispatchRole',
      'ScheduleRole',
      'SettleRole',
      'StateMachineRole',
      'TriageRole',
      'WatchmanRole',
    ]);
  });

  it('use `*` only where AWS requires one, or for executions and schedules of this stage', () => {
    const wide = made
      .ofType('AWS::IAM::Role')
      .flatMap(([role]) => made.statements(role).map((statement) => ({ role, ...statement })))
      .filter(({ Action, Resource }) => JSON.stringify([Action, Resource]).includes('*'));
    expect(wide.map(({ role, Action }) => [role, [Action].flat()[0]])).toEqual([
      ['DispatchRole', 'states:StopExecution'],
      ['AttemptRole', 'bedrock:InvokeModel'],
      ['WatchmanRole', 'states:DescribeExecution'],
      ['WatchmanRole', 'scheduler:DeleteSchedule'],
      ['StateMachineRole', 'logs:CreateLogDelivery'],
    ]);
    const bedrock = wide.find(({ role }) => role === 'AttemptRole');
    expect(bedrock?.Condition).toMatchObject({ StringEquals: { 'bedrock:InferenceProfileArn': expect.anything() } });
    expect(JSON.stringify(wide.flatMap(({ Action }) => Action))).not.toContain('*');
  });

  it('let Scheduler and Step Functions use their roles only for this stage', () => {
    const conditions = ['ScheduleRole', 'StateMachineRole'].map(
      (role) => Object(made.properties(role).AssumeRolePolicyDocument).Statement[0].Condition,
    );
    expect(conditions).toEqual([
      {
        StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
        ArnEquals: { 'aws:SourceArn': arnOf('ScheduleGroup') },
      },
      {
        StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
        ArnEquals: { 'aws:SourceArn': { 'Fn::Sub': expect.stringMatching(/:stateMachine:nightshift-test$/) } },
      },
    ]);
  });
});
