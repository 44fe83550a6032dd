import { describe, expect, it } from 'vitest';
import { quotaProblems } from '../../infra/package/quota.ts';
import { attemptStatements } from '../../infra/stack/access.ts';
import { schedules } from '../../infra/stack/schedules.ts';
import { Job } from '../../lib/job/job.ts';

const job = (name: string, model: string): Job => Job.parse({ name, schedule: { rate: '1 day' }, prompt: 'p', model });
const providers = { anthropicKey: 'parameter', anthropicBaseUrl: '', baseUrl: '', key: 'parameter' } as const;

const role = (models: string[]) => {
  const Statement = attemptStatements(
    models.map((model, at) => job(`job-${at}`, model)),
    providers,
  );
  const Policies = [{ PolicyName: 'attempt', PolicyDocument: { Version: '2012-10-17', Statement } }];
  return { AttemptRole: { Type: 'AWS::IAM::Role', Properties: { Policies } } };
};
const profiles = (count: number) =>
  Array.from({ length: count }, (_, at) => `bedrock/eu.anthropic.claude-sonnet-4-${at}-20250929-v1:0`);

describe('a template that AWS would refuse for its size', () => {
  it('is one with too many models of Bedrock for one role', () => {
    expect(quotaProblems({ Resources: role(profiles(5)) }, 1000)).toEqual([]);
    expect(quotaProblems({ Resources: role(profiles(25)) }, 1000)).toEqual([
      expect.stringMatching(
        /^AttemptRole: its policies take about 1\d,\d{3} characters, and IAM allows 10,240 a role: use fewer models/,
      ),
    ]);
  });

  it('is one with too many jobs', () => {
    const made = (count: number) =>
      schedules(
        Array.from({ length: count }, (_, at) => job(`job-${at}`, 'scripted/x')),
        new Date('2026-11-22T07:00:00Z'),
      ) as Parameters<typeof quotaProblems>[0]['Resources'];
    expect(quotaProblems({ Resources: made(499) }, 1000)).toEqual([]);
    expect(quotaProblems({ Resources: made(600) }, 1000)).toEqual([
      'the template has 601 resources, and CloudFormation allows 500; 600 of them are schedules: deploy some of the jobs as a service of their own',
    ]);
    expect(quotaProblems({ Resources: made(10) }, 1_000_001)).toEqual([
      expect.stringMatching(/^the template has 1,000,001 bytes, and CloudFormation allows 1,000,000; 10 of them/),
    ]);
  });

  it('is one with more environment than a function may have', () => {
    const Properties = { Environment: { Variables: { LONG: 'x'.repeat(5000) } } };
    expect(quotaProblems({ Resources: { Attempt: { Type: 'AWS::Lambda::Function', Properties } } }, 1000)).toEqual([
      expect.stringMatching(/^Attempt: its environment takes about 5,01\d bytes, and Lambda allows 4,096$/),
    ]);
  });
});
