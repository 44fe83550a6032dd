import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { losses, type Template } from '../../infra/package/diff.ts';
import { removed, repository, temporary } from '../kit/project.ts';
import { listen } from '../kit/wire/listen.ts';

afterAll(removed);

const table = parse(await readFile(join(repository, 'infra/table.yml'), 'utf8'));
const queue = { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'dead-letters', MessageRetentionPeriod: 1 } };
const log = { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: '/aws/lambda/attempt', RetentionInDays: 30 } };
const machine = { Type: 'AWS::StepFunctions::StateMachine', Properties: { StateMachineName: 'runs' } };
const schedule = {
  Type: 'AWS::Scheduler::Schedule',
  Properties: { Name: 'report', ScheduleExpression: 'rate(1 day)' },
};
const deployed: Template = {
  Resources: { Table: table, Queue: queue, Log: log, Machine: machine, Schedule: schedule },
};

/** The reported losses when some properties of a deployed resource change. */
const changed = (id: string, properties: object): string[] => {
  const { Resources } = structuredClone(deployed);
  Object.assign(Object(Resources[id]?.Properties), properties);
  return losses(deployed, { Resources });
};
const without = (...ids: string[]): string[] => {
  const kept = Object.entries(deployed.Resources).filter(([id]) => !ids.includes(id));
  return losses(deployed, { Resources: Object.fromEntries(kept) });
};

describe('nightshift diff', () => {
  it('reports no loss for a package without changes', () => {
    expect(losses(deployed, structuredClone(deployed))).toEqual([]);
    expect(losses({ Resources: {} }, deployed)).toEqual([]);
  });

  it('refuses to replace the table', () => {
    const KeySchema = [{ AttributeName: 'pk', KeyType: 'HASH' }];
    expect(changed('Table', { KeySchema })).toEqual([
      'Table.KeySchema: found [{"AttributeName":"pk","KeyType":"HASH"}], expected [{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}] as deployed: the AWS::DynamoDB::Table would be replaced by an empty one.',
    ]);
    expect(changed('Table', { TableName: 'other' })).toMatchObject([
      expect.stringMatching(/^Table\.TableName: found "other"/),
    ]);
    expect(changed('Table', { TableName: undefined })).toMatchObject([expect.stringContaining('found nothing')]);
    const numbers = table.Properties.AttributeDefinitions.map((one: object) => ({ ...one, AttributeType: 'N' }));
    expect(changed('Table', { AttributeDefinitions: numbers })).toHaveLength(1);
    expect(changed('Table', { LocalSecondaryIndexes: [{ IndexName: 'more' }] })).toHaveLength(1);
  });

  it('refuses to remove or rename a resource that stores data', () => {
    expect(without('Table')).toEqual([
      'Table: found nothing, expected AWS::DynamoDB::Table as deployed: it would be removed from the stage.',
    ]);
    expect(without('Queue', 'Log', 'Machine').map((sentence) => sentence.split(':')[0])).toEqual([
      'Queue',
      'Log',
      'Machine',
    ]);
    const { Table, ...others } = deployed.Resources;
    expect(losses(deployed, { Resources: { ...others, ...(Table && { Runs: Table }) } })).toHaveLength(1);
    expect(losses(deployed, { Resources: { ...others, Table: schedule } })).toMatchObject([
      expect.stringContaining('Table: found AWS::Scheduler::Schedule, expected AWS::DynamoDB::Table'),
    ]);
    const conditional = structuredClone(deployed);
    Object.assign(Object(conditional.Resources.Table), { Condition: 'Wanted' });
    expect(losses(deployed, conditional)).toEqual([
      'Table.Condition: found "Wanted", expected nothing as deployed: where it does not hold, the AWS::DynamoDB::Table would be removed.',
    ]);
    expect(changed('Queue', { QueueName: 'x' })).toHaveLength(1);
    expect(changed('Log', { LogGroupName: 'x' })).toHaveLength(1);
    expect(changed('Machine', { StateMachineName: 'x' })).toHaveLength(1);
  });

  it('accepts every other change', () => {
    const more = [...table.Properties.AttributeDefinitions, { AttributeName: 'failure', AttributeType: 'S' }];
    expect(
      changed('Table', { AttributeDefinitions: more, GlobalSecondaryIndexes: [], BillingMode: 'PROVISIONED' }),
    ).toEqual([]);
    const fewer = table.Properties.AttributeDefinitions.slice(0, 2);
    expect(changed('Table', { AttributeDefinitions: fewer.toReversed(), GlobalSecondaryIndexes: [] })).toEqual([]);
    expect(changed('Queue', { MessageRetentionPeriod: 2 })).toEqual([]);
    expect(changed('Log', { RetentionInDays: 1 })).toEqual([]);
    expect(changed('Schedule', { Name: 'other', ScheduleExpression: 'rate(2 days)' })).toEqual([]);
    expect(without('Schedule')).toEqual([]);
  });
});

describe('the command npm run diff', () => {
  const guardWith = async (aws: Record<string, string>, root: string, ...args: string[]) => {
    const env = { PATH: process.env.PATH ?? '', AWS_REGION: 'eu-west-1', ...aws };
    return promisify(execFile)(process.execPath, [join(repository, 'infra/package/diff.ts'), ...args], {
      cwd: root,
      env,
    }).catch((thrown: { code: number; stderr: string }) => thrown);
  };
  const guard = (root: string, ...args: string[]) =>
    guardWith({ AWS_ENDPOINT_URL: 'http://127.0.0.1:9' }, root, ...args);

  it('refuses a package for another stage, before any request to AWS', async () => {
    const root = await temporary();
    await mkdir(join(root, '.serverless'));
    const state = { service: { provider: { stage: 'test', compiledCloudFormationTemplate: deployed } } };
    await writeFile(join(root, '.serverless/serverless-state.json'), JSON.stringify(state));
    expect(await guard(root, '--stage', 'prod', '--param', 'anthropicApiKey=secret')).toMatchObject({
      code: 1,
      stderr: 'stage: found a package for test, expected one for prod\n',
    });
  });

  it('says what to do if AWS refuses the credentials', async () => {
    const root = await temporary();
    await mkdir(join(root, '.serverless'));
    const state = { service: { provider: { stage: 'dev', compiledCloudFormationTemplate: deployed } } };
    await writeFile(join(root, '.serverless/serverless-state.json'), JSON.stringify(state));
    const error = '<Error><Type>Sender</Type><Code>InvalidClientTokenId</Code><Message>refused</Message></Error>';
    const { origin, close } = await listen((_, response) => {
      response.writeHead(403, { 'content-type': 'text/xml' }).end(`<ErrorResponse>${error}</ErrorResponse>`);
    });
    onTestFinished(close);
    const aws = { AWS_ENDPOINT_URL: origin, AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };
    expect(await guardWith(aws, root)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^Unauthorized: CloudFormation in eu-west-1: InvalidClientTokenId\nAWS did not accept/,
      ),
    });
  });

  it('reports a missing package', async () => {
    expect(await guard(await temporary())).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('npm run package makes one'),
    });
  });
});
