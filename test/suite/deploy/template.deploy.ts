import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lasting } from '../../../infra/package/diff.ts';
import { templatePath } from '../../../infra/package/package.ts';
import { jobs, project, removed } from '../../kit/project.ts';
import { template } from '../../kit/template.ts';
import { python, pythonOf } from '../engines/install-engines.ts';
import { explained } from './explained-findings.ts';

const run = promisify(execFile);
const region = 'eu-west-1';

let root: string;
let made: Awaited<ReturnType<typeof template>>;

beforeAll(async () => {
  root = await project(jobs);
  made = await template(root, ['--stage', 'test', '--param', 'alarmEmail=night@example.com']);
});
afterAll(removed);

type Schema = { typeName: string; createOnlyProperties?: string[]; conditionalCreateOnlyProperties?: string[] };

/** CloudFormation's schema of a resource type, from cfn-lint. */
const schemaOf = async (type: string): Promise<Schema> => {
  const where = 'import cfnlint, os; print(os.path.dirname(cfnlint.__file__))';
  const { stdout } = await run(python('python'), ['-c', where]);
  const json = async (path: string) => JSON.parse(await readFile(join(stdout.trim(), 'data/schemas', path), 'utf8'));
  const files = await json(`providers/${region}.json`);
  return json(`resources/${files[type]}.json`);
};

describe('the template on cfn-lint', () => {
  it('has neither errors nor warnings', async () => {
    const { stdout } = await run(python('cfn-lint'), ['--regions', region, '--', templatePath(root)]);
    expect(stdout).toBe('');
  });

  it('would have an error with a wrong key type', async () => {
    const bad = join(root, 'bad.json');
    const text = await readFile(templatePath(root), 'utf8');
    await writeFile(bad, text.replaceAll(/"KeyType": ?"RANGE"/g, '"KeyType":"SORT"'));
    const refused = await run(python('cfn-lint'), ['--regions', region, '--', bad]).catch((thrown) => thrown);
    expect(refused.stdout).toMatch(/^E\d+ .*'SORT'/);
  });

  it.each(Object.keys(lasting))('replaces %s only for properties that the diff guard knows', async (type) => {
    const { typeName, createOnlyProperties = [], conditionalCreateOnlyProperties = [] } = await schemaOf(type);
    const replacing = [...createOnlyProperties, ...conditionalCreateOnlyProperties].map((path) => path.split('/')[2]);
    expect(typeName).toBe(type);
    expect(replacing.length).toBeGreaterThan(0);
    expect(lasting[type]).toEqual(expect.arrayContaining(replacing));
  });
});

describe('the template on checkov', () => {
  it('has no finding but those that are explained, and each of these', async () => {
    const args = [
      '--file',
      templatePath(root),
      '--framework',
      'cloudformation',
      '--output',
      'json',
      '--quiet',
      '--compact',
    ];
    const { stdout } = await run(pythonOf('checkov', 'checkov'), [...args, '--soft-fail', '--skip-download'], {
      maxBuffer: 1e8,
    });
    const { results, summary } = JSON.parse(stdout);
    const found = new Set(results.failed_checks.map((one: { check_id: string }) => one.check_id));
    expect([...found].toSorted()).toEqual(Object.keys(explained).toSorted());
    expect(summary.passed).toBeGreaterThan(50);
    expect(summary.parsing_errors).toBe(0);
  });
});

describe('trust in the template', () => {
  const trusts = () =>
    made.ofType('AWS::IAM::Role').map(([id, { Properties }]) => {
      const [statement, ...more] = Object(Properties.AssumeRolePolicyDocument).Statement;
      expect(more, id).toEqual([]);
      return [id, statement] as const;
    });

  it('of a service role is limited to one service, this account and this stage', () => {
    const lent = trusts().filter(([, { Principal }]) => Principal.Service !== 'lambda.amazonaws.com');
    expect(lent.map(([id, { Principal }]) => [id, Principal])).toEqual([
      ['StateMachineRole', { Service: 'states.amazonaws.com' }],
      ['ScheduleRole', { Service: 'scheduler.amazonaws.com' }],
    ]);
    for (const [id, { Action, Condition }] of lent) {
      expect(Action, id).toBe('sts:AssumeRole');
      expect(Condition, id).toEqual({
        StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
        ArnEquals: { 'aws:SourceArn': expect.anything() },
      });
    }
  });

  it('of a function’s role is limited to Lambda', () => {
    const own = trusts().filter(([, { Principal }]) => Principal.Service === 'lambda.amazonaws.com');
    expect(own.map(([id]) => id).sort()).toEqual([
      'AttemptRole',
      'DispatchRole',
      'SettleRole',
      'TriageRole',
      'WatchmanRole',
    ]);
    for (const [id, statement] of own) {
      expect(statement, id).toEqual({
        Effect: 'Allow',
        Principal: { Service: 'lambda.amazonaws.com' },
        Action: 'sts:AssumeRole',
      });
    }
  });

  it('of a function is limited to the rule that invokes it, and of the queue to both rules', () => {
    const rules = ['DeadExecutions', 'WakeUp'].map((id) => ({ 'Fn::GetAtt': [id, 'Arn'] }));
    expect(made.properties('DeadLettersPolicy').PolicyDocument).toMatchObject({
      Statement: [
        { Principal: { Service: 'events.amazonaws.com' }, Condition: { ArnEquals: { 'aws:SourceArn': rules } } },
      ],
    });
    const permissions = made.ofType('AWS::Lambda::Permission').map(([, { Properties }]) => Properties);
    const functions = ['SettleLambdaFunction', 'WatchmanLambdaFunction'].map((Ref) => ({ Ref }));
    expect(permissions).toMatchObject(
      rules.map((SourceArn, at) => ({
        Principal: 'events.amazonaws.com',
        SourceArn,
        FunctionName: functions[at],
      })),
    );
  });
});
