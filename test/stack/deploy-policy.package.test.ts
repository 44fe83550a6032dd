import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobs, project, removed } from '../kit/project.ts';
import { template } from '../kit/template.ts';

type Statement = { Sid: string; Effect: string; Action: string[]; Resource: string[] };

const text = readFileSync('infra/deploy-policy.json', 'utf8');
const { Statement: statements } = JSON.parse(text) as { Statement: Statement[] };

const at = (service: string, rest: string): string => `arn:aws:${service}:eu-west-1:111122223333:${rest}`;
const role = 'arn:aws:iam::111122223333:role/nightshift-prod-SettleRole-1A2B3C';
const needs = (service: string, names: string, arn: string): string[] =>
  names.split(' ').map((name) => `${service}:${name} ${arn}`);
const pass = `iam:PassRole ${role}`;

/**
 * What CloudFormation does for each type of resource, and on what. Source: `handlers.*.permissions` of the type's schema in the
 * CloudFormation registry, without those of properties that the template does not use.
 */
const actions: Record<string, string[]> = {
  'AWS::CloudWatch::Alarm': needs(
    'cloudwatch',
    'PutMetricAlarm DescribeAlarms DeleteAlarms TagResource UntagResource ListTagsForResource',
    at('cloudwatch', 'alarm:nightshift-prod-RunFailed'),
  ),
  'AWS::CloudWatch::Dashboard': needs(
    'cloudwatch',
    'PutDashboard GetDashboard DeleteDashboards',
    'arn:aws:cloudwatch::111122223333:dashboard/nightshift-prod',
  ),
  'AWS::DynamoDB::Table': [
    ...needs(
      'dynamodb',
      'CreateTable DescribeTable UpdateTable DeleteTable DescribeTimeToLive UpdateTimeToLive DescribeContinuousBackups UpdateContinuousBackups DescribeContributorInsights TagResource UntagResource ListTagsOfResource',
      at('dynamodb', 'table/nightshift-prod'),
    ),
    ...needs('kms', 'CreateGrant DescribeKey', at('kms', 'key/1a2b')),
  ],
  'AWS::Events::Rule': needs(
    'events',
    'PutRule DescribeRule DeleteRule PutTargets ListTargetsByRule RemoveTargets TagResource UntagResource',
    at('events', 'rule/nightshift-prod-wake-up'),
  ),
  'AWS::IAM::Role': needs(
    'iam',
    'CreateRole GetRole UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy DeleteRole PutRolePolicy GetRolePolicy DeleteRolePolicy ListRolePolicies ListAttachedRolePolicies TagRole UntagRole',
    role,
  ),
  'AWS::Lambda::EventInvokeConfig': needs(
    'lambda',
    'PutFunctionEventInvokeConfig GetFunctionEventInvokeConfig UpdateFunctionEventInvokeConfig DeleteFunctionEventInvokeConfig',
    at('lambda', 'function:nightshift-prod-settle'),
  ),
  'AWS::Lambda::Function': [
    ...needs(
      'lambda',
      'CreateFunction GetFunction GetFunctionConfiguration GetFunctionCodeSigningConfig GetRuntimeManagementConfig UpdateFunctionCode UpdateFunctionConfiguration PutFunctionConcurrency DeleteFunctionConcurrency DeleteFunction TagResource UntagResource ListTags',
      at('lambda', 'function:nightshift-prod-settle'),
    ),
    ...needs('s3', 'GetObject', 'arn:aws:s3:::nightshift-prod-serverlessdeploymentbucket-1a2b/settle.zip'),
    pass,
  ],
  'AWS::Lambda::Permission': needs(
    'lambda',
    'AddPermission GetPolicy RemovePermission',
    at('lambda', 'function:nightshift-prod-settle'),
  ),
  'AWS::Logs::LogGroup': [
    ...['/aws/lambda/nightshift-prod-settle', '/aws/vendedlogs/states/nightshift-prod'].flatMap((group) =>
      needs(
        'logs',
        'CreateLogGroup DeleteLogGroup PutRetentionPolicy DeleteRetentionPolicy TagResource UntagResource ListTagsForResource',
        at('logs', `log-group:${group}`),
      ),
    ),
    'logs:DescribeLogGroups *',
  ],
  'AWS::S3::Bucket': needs(
    's3',
    'CreateBucket DeleteBucket ListBucket PutEncryptionConfiguration GetEncryptionConfiguration PutBucketPublicAccessBlock GetBucketPublicAccessBlock PutBucketTagging',
    'arn:aws:s3:::nightshift-prod-serverlessdeploymentbucket-1a2b',
  ),
  'AWS::S3::BucketPolicy': needs(
    's3',
    'PutBucketPolicy GetBucketPolicy DeleteBucketPolicy',
    'arn:aws:s3:::nightshift-prod-serverlessdeploymentbucket-1a2b',
  ),
  'AWS::SNS::Subscription': needs(
    'sns',
    'Subscribe Unsubscribe GetSubscriptionAttributes ListSubscriptionsByTopic',
    at('sns', 'nightshift-prod-alarms'),
  ),
  'AWS::SNS::Topic': needs(
    'sns',
    'CreateTopic DeleteTopic GetTopicAttributes SetTopicAttributes TagResource UntagResource ListTagsForResource',
    at('sns', 'nightshift-prod-alarms'),
  ),
  'AWS::SQS::Queue': needs(
    'sqs',
    'CreateQueue DeleteQueue GetQueueUrl GetQueueAttributes SetQueueAttributes ListQueueTags TagQueue UntagQueue',
    at('sqs', 'nightshift-prod-dead-letters'),
  ),
  'AWS::SQS::QueuePolicy': needs('sqs', 'SetQueueAttributes', at('sqs', 'nightshift-prod-dead-letters')),
  'AWS::Scheduler::Schedule': [
    ...needs(
      'scheduler',
      'CreateSchedule GetSchedule UpdateSchedule DeleteSchedule',
      at('scheduler', 'schedule/nightshift-prod/night-report'),
    ),
    pass,
  ],
  'AWS::Scheduler::ScheduleGroup': needs(
    'scheduler',
    'CreateScheduleGroup GetScheduleGroup DeleteScheduleGroup TagResource UntagResource ListTagsForResource',
    at('scheduler', 'schedule-group/nightshift-prod'),
  ),
  'AWS::StepFunctions::StateMachine': [
    ...needs(
      'states',
      'CreateStateMachine DescribeStateMachine UpdateStateMachine DeleteStateMachine TagResource UntagResource ListTagsForResource',
      at('states', 'stateMachine:nightshift-prod'),
    ),
    pass,
  ],
};

const matches = (pattern: string, arn: string): boolean =>
  new RegExp(`^${pattern.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(arn);

const isAllowed = (need: string): boolean => {
  const [action = '', arn = ''] = need.split(' ');
  return statements.some(
    ({ Action, Resource }) => Action.includes(action) && Resource.some((one) => matches(one, arn)),
  );
};

let types: string[];

beforeAll(async () => {
  const made = await template(await project(jobs), ['--stage', 'prod', '--param', 'alarmEmail=night@example.com']);
  types = made.types();
});
afterAll(removed);

describe('the policy to deploy and remove a stage', () => {
  it('covers every type of resource in the template', () => {
    expect(types.filter((type) => !(type in actions))).toEqual([]);
    expect(Object.keys(actions).filter((type) => !types.includes(type))).toEqual([]);
  });

  it('allows the actions of CloudFormation for each type of resource', () => {
    const missing = Object.entries(actions).flatMap(([type, found]) =>
      found.filter((need) => !isAllowed(need)).map((need) => `${type}: ${need}`),
    );
    expect(missing).toEqual([]);
  });

  it('names every action, and every resource that AWS lets it name', () => {
    expect(statements.map(({ Effect }) => Effect)).toEqual(statements.map(() => 'Allow'));
    expect(statements.flatMap(({ Action }) => Action).filter((action) => action.includes('*'))).toEqual([]);
    const wide = statements.filter(({ Resource }) => Resource.includes('*')).flatMap(({ Action }) => Action);
    expect(wide).toEqual(['cloudformation:ValidateTemplate', 'logs:DescribeLogGroups']);
    const unnamed = statements.flatMap(({ Resource }) => Resource).filter((one) => !one.includes('nightshift'));
    expect(unnamed).toEqual(['arn:aws:kms:*:*:key/*', '*']);
  });

  it('allows nothing on resources of other services', () => {
    expect(isAllowed('iam:CreateRole arn:aws:iam::111122223333:role/admin')).toBe(false);
    expect(isAllowed(`dynamodb:DeleteTable ${at('dynamodb', 'table/orders')}`)).toBe(false);
  });

  it('fits into one managed policy', () => {
    expect(JSON.stringify(JSON.parse(text)).length).toBeLessThanOrEqual(6_144);
  });
});
